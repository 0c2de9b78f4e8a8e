"""Steps of PyTorch's and timm's optimizers: `test/fixtures/train/optimizers.json`.

Run: python tools/optimizer_fixtures.py   (torch 2.13, timm 1.0)

A linear layer takes four steps on one batch. `weight` and `bias` are the values after each optimizer's steps, computed in
float64, and `deviation` is the largest distance of the float32 run from them. test/fixtures/README.md has the format.
"""

import importlib
import sys
import types
from importlib.util import find_spec
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from fixture_file import FIXTURES, significant, write_json
from threefry import integers, tensor

SEED, BATCH, FEATURES, CLASSES, STEPS = 11, 6, 5, 3, 4


def timm_optimizers() -> tuple[type, type]:
    """timm's Lars and Lamb, without timm's models, which would need torchvision."""
    root = Path(find_spec("timm").submodule_search_locations[0])
    for package, path in (("timm", root), ("timm.optim", root / "optim")):
        stub = types.ModuleType(package)
        stub.__path__ = [str(path)]
        sys.modules[package] = stub
    return importlib.import_module("timm.optim.lars").Lars, importlib.import_module("timm.optim.lamb").Lamb


Lars, Lamb = timm_optimizers()

CASES = [
    ("rmsprop", {"learningRate": 0.01}, lambda p: torch.optim.RMSprop(p, lr=0.01)),
    ("rmsprop", {"learningRate": 0.01, "alpha": 0.9, "eps": 1e-5, "momentum": 0.8, "centered": True, "weightDecay": 0.1},
     lambda p: torch.optim.RMSprop(p, lr=0.01, alpha=0.9, eps=1e-5, momentum=0.8, centered=True, weight_decay=0.1)),
    ("lars", {"learningRate": 2.0, "weightDecay": 0.05, "trust": 0.02},
     lambda p: Lars(p, lr=2.0, momentum=0.9, weight_decay=0.05, trust_coeff=0.02)),
    ("lars", {"learningRate": 0.1, "momentum": 0.5, "nesterov": True},
     lambda p: Lars(p, lr=0.1, momentum=0.5, nesterov=True)),
    ("lamb", {"learningRate": 0.05, "weightDecay": 0.1, "beta1": 0.8, "beta2": 0.99},
     lambda p: Lamb(p, lr=0.05, weight_decay=0.1, betas=(0.8, 0.99), max_grad_norm=None)),
    ("lamb", {"learningRate": 0.05, "weightDecay": 0}, lambda p: Lamb(p, lr=0.05, weight_decay=0.0, max_grad_norm=None)),
]


def run(make, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    draw = lambda name, shape: torch.from_numpy(tensor(SEED, name, shape, 1.0, 0.0, 0)).to(dtype)
    layer = nn.Linear(FEATURES, CLASSES).to(dtype)
    with torch.no_grad():
        layer.weight.copy_(draw("weight", (CLASSES, FEATURES)))
        layer.bias.copy_(draw("bias", (CLASSES,)))
    x = draw("x", (BATCH, FEATURES))
    labels = torch.from_numpy(integers(SEED, "labels", BATCH, CLASSES)).long()
    optimizer = make(layer.parameters())
    for _ in range(STEPS):
        optimizer.zero_grad()
        F.cross_entropy(layer(x), labels).backward()
        optimizer.step()
    return {name: value.detach().double() for name, value in layer.state_dict().items()}


def main() -> None:
    cases = []
    for name, options, make in CASES:
        exact, single = run(make, torch.float64), run(make, torch.float32)
        deviation = significant(max(float((exact[key] - single[key]).abs().max()) for key in exact))
        values = {key: value.flatten().tolist() for key, value in exact.items()}
        cases.append({"optimizer": name, "options": options, "deviation": deviation, **values})
    header = {"seed": SEED, "batch": BATCH, "features": FEATURES, "classes": CLASSES, "steps": STEPS}
    write_json(FIXTURES / "train" / "optimizers.json", header, "cases", cases)


if __name__ == "__main__":
    main()
