"""Writes ResNets as ONNX files for `resnet bench --compare onnxruntime`: weights are random, the batch size is free.

    python tools/export_onnx.py DIR resnet18-3x224x224 resnet50-3x224x224 resnet18-1x28x28

Needs torch, onnx and onnxscript.
"""

import sys
from pathlib import Path

import torch

from resnet_torch import ResNet


def export(folder: Path, name: str) -> None:
    model_name, image = name.split("-")
    channels, height, width = map(int, image.split("x"))
    torch.manual_seed(0)
    model = ResNet(model_name, channels, 1000 if height >= 224 else 10).eval()
    # Anything but the initial statistics, so that folding batch norm has something to do.
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.1, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    torch.onnx.export(
        model,
        (torch.randn(2, channels, height, width),),
        str(folder / f"{name}.onnx"),
        input_names=["images"],
        output_names=["logits"],
        dynamic_shapes=({0: torch.export.Dim("batch")},),
        external_data=False,
    )


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:]:
        export(folder, name)


main()
