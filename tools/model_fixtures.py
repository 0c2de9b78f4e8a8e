"""One training and one evaluation pass of every kind of network, from PyTorch in float64: `test/fixtures/models.json`.

The tests interpret the same graphs with the reference rules in float64, so that nothing but the architecture can differ.
test/fixtures/README.md has the format. Also prints the parameter counts that test/models/catalog.test.ts asserts.
"""

import math
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from family_torch import Basic, Bottleneck, ConvBNNet, Net, PreAct, d2l
from fixture_file import FIXTURES, write_json
from threefry import integers, tensor

DEPTHS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
BATCH = 4
Shape = tuple[int, int, int]


def cifar(kind: str, depth: int, shape: Shape) -> nn.Module:
    return Net(partial(Basic, kind=kind), ((depth - 2) // 6,) * 3, shape, "cifar", "linear")


def preact(depth: int, shape: Shape) -> nn.Module:
    return Net(partial(PreAct, kernels=(3, 3) if depth < 50 else (1, 3, 1)), DEPTHS[depth], shape, preact=True)


def bottlenecks(depth: int, shape: Shape, stem: str = "imagenet", **options: object) -> nn.Module:
    return Net(partial(Bottleneck, **options), DEPTHS[depth], shape, stem)


def plain(depth: int, shape: Shape) -> nn.Module:
    return Net(partial(Basic, kind="plain"), DEPTHS[depth], shape)


CATALOG = {
    "resnext50_32x4d": partial(bottlenecks, 50, groups=32, base=4),
    "resnext101_32x8d": partial(bottlenecks, 101, groups=32, base=8),
    "resnext101_64x4d": partial(bottlenecks, 101, groups=64, base=4),
    "wide_resnet50_2": partial(bottlenecks, 50, base=128),
    "wide_resnet101_2": partial(bottlenecks, 101, base=128),
    **{f"preact-resnet{depth}": partial(preact, depth) for depth in DEPTHS},
    **{f"plain{depth}": partial(plain, depth) for depth in (18, 34)},
    **{f"convbn-resnet{depth}": partial(ConvBNNet, DEPTHS[depth]) for depth in (50, 101, 152)},
    **{f"cifar-resnet{depth}": partial(cifar, "A", depth) for depth in (20, 32, 44, 56, 110)},
    **{f"plain{depth}": partial(cifar, "plain", depth) for depth in (20, 32, 44, 56, 110)},
    "d2l-resnet18": partial(d2l, pool="max"),
}

# name in the fixture, network, width, image; odd sizes, so that a stride of 2 rounds up
NETWORKS = [
    ("cifar-resnet20", CATALOG["cifar-resnet20"], 4, (3, 9, 8)),
    ("cifar-resnet20, shortcut B", partial(cifar, "B", 20), 4, (3, 9, 8)),
    ("plain20", CATALOG["plain20"], 4, (3, 9, 8)),
    ("plain18", CATALOG["plain18"], 4, (3, 33, 40)),
    ("preact-resnet18", CATALOG["preact-resnet18"], 4, (3, 33, 40)),
    ("preact-resnet50", CATALOG["preact-resnet50"], 4, (3, 33, 40)),
    ("resnext50_32x4d", CATALOG["resnext50_32x4d"], 16, (1, 33, 40)),
    ("wide_resnet50_2", CATALOG["wide_resnet50_2"], 4, (3, 33, 40)),
    ("resnet50, stem cifar, stride on 1x1", partial(bottlenecks, 50, stem="cifar", on="1x1"), 4, (3, 9, 8)),
    ("d2l-resnet18", CATALOG["d2l-resnet18"], 4, (1, 33, 40)),
    ("d2l-resnet18, average pool", partial(d2l, pool="avg"), 4, (1, 33, 40)),
    ("convbn-resnet50", CATALOG["convbn-resnet50"], 4, (3, 33, 40)),
    ("resnet34", partial(Net, Basic, DEPTHS[34]), 4, (1, 33, 40)),
    ("cifar-resnet56", CATALOG["cifar-resnet56"], 4, (3, 9, 8)),
    ("preact-resnet34", CATALOG["preact-resnet34"], 4, (3, 33, 40)),
    ("wide_resnet101_2", CATALOG["wide_resnet101_2"], 4, (3, 33, 40)),
]


def spec(name: str, shape: torch.Size) -> dict[str, float]:
    """How a parameter or running statistic is drawn."""
    if len(shape) == 4:
        return {"scale": math.sqrt(6 / math.prod(shape[1:]))}
    if len(shape) == 2:
        return {"scale": 1 / math.sqrt(shape[1])}
    is_scale = name.endswith("running_var") or (name.endswith("weight"))
    return {"scale": 0.3, "center": 1.0} if is_scale else {"scale": 0.3}


def digits(values: np.ndarray) -> list[float]:
    """Twelve digits: more than the comparison asks for."""
    return [float(f"{value:.12g}") for value in values.reshape(-1)]


def row(seed: int, name: str, make, width: int, image: tuple[int, int, int]) -> dict[str, object]:
    classes = 5
    model = make((image[0], classes, width)).double()
    state = {key: value for key, value in model.state_dict().items() if "num_batches" not in key}
    for key, value in state.items():
        value.copy_(torch.from_numpy(tensor(seed, key, tuple(value.shape), **spec(key, value.shape))))
    images = torch.from_numpy(tensor(seed, "images", (BATCH, *image), 2.0)).double()
    labels = torch.from_numpy(integers(seed, "labels", BATCH, classes))
    model.eval()
    with torch.no_grad():
        evaluated = model(images)
    model.train()
    logits = model(images)
    loss = F.cross_entropy(logits, labels)
    loss.backward()
    gradients = {key: p.grad.reshape(-1).numpy() for key, p in model.named_parameters()}
    return {
        "name": name, "seed": seed, "width": width, "image": list(image), "classes": classes, "batch": BATCH,
        "state": [[key, *value.shape] for key, value in state.items()],
        "evalLogits": digits(evaluated.numpy()), "logits": digits(logits.detach().numpy()), "loss": loss.item(),
        "gradients": [[key, *digits(np.array([np.linalg.norm(g), g[0], g[-1]]))] for key, g in gradients.items()],
    }


def main() -> None:
    torch.set_num_threads(1)
    rows = [row(seed, *network) for seed, network in enumerate(NETWORKS, 1)]
    write_json(FIXTURES / "models.json", {"torch": torch.__version__}, "networks", rows)
    for name, make in CATALOG.items():
        small = name.startswith("cifar") or name in ("plain20", "plain32", "plain44", "plain56", "plain110")
        shape = (1, 10, 64) if name.startswith("d2l") else (3, 10, 16) if small else (3, 1000, 64)
        with torch.device("meta"):
            model = make(shape)
        tensors = sum("num_batches" not in key for key in model.state_dict())
        print(f'  "{name}": {{ parameters: {sum(p.numel() for p in model.parameters()):_}, tensors: {tensors} }},')


if __name__ == "__main__":
    main()
