"""torchvision and timm without torchvision's compiled operators, and the relatives of ResNet at any width.

Import this module before either of the two.
"""

import sys
import types
import warnings
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import nn

# torchvision registers shapes of operators that a build without its binary does not have.
operators = torch.library.Library("torchvision", "DEF")
for operator in ("nms", "qnms"):
    operators.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")


def narrow_stems() -> None:
    """Loads timm's ResNet so that `stem_width` is the number of channels behind a stem of one convolution, too."""
    import timm.models

    name = "timm.models.resnet"
    source = Path(find_spec(name).origin).read_text()
    fixed = "inplanes = stem_width * 2 if deep_stem else 64"
    assert source.count(fixed) == 1
    module = types.ModuleType(name)
    module.__package__ = "timm.models"
    sys.modules[name] = module
    warnings.filterwarnings("ignore", "Overwriting")  # of the models of that name
    exec(compile(source.replace(fixed, fixed.replace("64", "stem_width")), name, "exec"), module.__dict__)
    timm.models.resnet = module


Shape = tuple[int, int, int]  # channels, classes, width
FOUR = (1, 2, 4, 8)


def timm_resnet(name: str, shape: Shape, deep: bool = False) -> nn.Module:
    import timm

    channels, classes, width = shape
    stem = width // 2 if deep else width
    widths = tuple(width * factor for factor in FOUR)
    return timm.create_model(name, in_chans=channels, num_classes=classes, stem_width=stem, channels=widths)


RESNETS = (
    "seresnet18", "seresnet34", "seresnet50", "seresnet101", "seresnet152",
    "seresnext50_32x4d", "seresnext101_32x4d", "seresnext101_32x8d", "resnetblur18", "resnetblur50",
)
DEEP_RESNETS = (
    "resnet18d", "resnet34d", "resnet26d", "resnet50d", "resnet101d", "resnet152d", "ecaresnet50d", "ecaresnet101d",
    "resnetrs50", "resnetrs101", "resnetrs152",
)


def res2net(depth: int, base: int, scale: int, shape: Shape) -> nn.Module:
    """timm's Res2Net. Its own functions make the ResNet that `narrow_stems` replaces."""
    from timm.models.res2net import Bottle2neck
    from timm.models.resnet import ResNet

    channels, classes, width = shape
    layers = (3, 4, 6, 3) if depth == 50 else (3, 4, 23, 3)
    widths = tuple(width * factor for factor in FOUR)
    return ResNet(
        Bottle2neck, layers, num_classes=classes, in_chans=channels, stem_width=width, channels=widths,
        base_width=base, block_args={"scale": scale},
    )


def resnet_v2(depth: int, shape: Shape) -> nn.Module:
    import timm

    channels, classes, width = shape
    widths = tuple(width * factor * (1 if depth < 50 else 4) for factor in FOUR)
    return timm.create_model(f"resnetv2_{depth}", in_chans=channels, num_classes=classes, stem_chs=width, channels=widths)


DENSENETS = {121: (6, 12, 24, 16), 161: (6, 12, 36, 24), 169: (6, 12, 32, 32), 201: (6, 12, 48, 32)}


def densenet(depth: int, shape: Shape) -> nn.Module:
    from torchvision.models.densenet import DenseNet

    channels, classes, width = shape
    model = DenseNet(width // 2, DENSENETS[depth], width, num_classes=classes)
    model.features.conv0 = nn.Conv2d(channels, width, 7, 2, 3, bias=False)
    return model


def mobilenet_v2(shape: Shape) -> nn.Module:
    from torchvision.models import MobileNetV2

    channels, classes, width = shape
    model = MobileNetV2(classes, width / 32, dropout=0)
    model.features[0][0] = nn.Conv2d(channels, model.features[0][0].out_channels, 3, 2, 1, bias=False)
    return model


CONVNEXTS = {"convnext_tiny": (3, 3, 9, 3), "convnext_small": (3, 3, 27, 3)}


def convnext(name: str, shape: Shape) -> nn.Module:
    from torchvision.models.convnext import CNBlockConfig, ConvNeXt

    channels, classes, width = shape
    sizes = [width * factor for factor in FOUR]
    settings = [CNBlockConfig(*each) for each in zip(sizes, [*sizes[1:], None], CONVNEXTS[name], strict=True)]
    model = ConvNeXt(settings, num_classes=classes)
    model.features[0][0] = nn.Conv2d(channels, width, 4, 4)
    return model


RES2NETS = ((50, 26, 4), (50, 26, 6), (50, 26, 8), (50, 48, 2), (50, 14, 8), (101, 26, 4))
RELATIVES: dict[str, Callable[[Shape], nn.Module]] = {
    **{name: partial(timm_resnet, name) for name in RESNETS},
    **{name: partial(timm_resnet, name, deep=True) for name in DEEP_RESNETS},
    **{f"res2net{depth}_{base}w_{scale}s": partial(res2net, depth, base, scale) for depth, base, scale in RES2NETS},
    **{f"resnetv2_{depth}": partial(resnet_v2, depth) for depth in (18, 34, 50, 101, 152)},
    **{f"densenet{depth}": partial(densenet, depth) for depth in DENSENETS},
    "mobilenet_v2": mobilenet_v2,
    **{name: partial(convnext, name) for name in CONVNEXTS},
}
# Channels of the first stage where they are not 64.
WIDTHS = {"densenet161": 96, "mobilenet_v2": 32, **dict.fromkeys(CONVNEXTS, 96)}
