"""Training steps of PyTorch with everything that a step may have: `test/fixtures/train/steps.json`.

Run: python tools/train_step_fixtures.py   (torch 2.13)

A convolution, a batch norm and a linear layer take four steps: clipped gradients, weight decay on weights alone, a rate of its
own for the head, mixed images, averaged weights. test/fixtures/README.md has the format.
"""

import copy

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from fixture_file import FIXTURES, deviation, write_json
from threefry import integers, tensor

SEED, BATCH, CLASSES, STEPS = 7, 6, 3, 4
IMAGE = (2, 5, 4)
RATE, MOMENTUM, DECAY, HEAD, CLIP, EMA, SMOOTHING = 0.05, 0.9, 0.02, 10.0, 0.7, 0.8, 0.1
MIXES = [(1.0, (0, 0, 0, 0)), (0.3, (0, 0, 0, 0)), (1.0, (1, 0, 4, 3)), (0.8, (0, 0, 0, 0))]  # share; top, left, bottom, right


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(IMAGE[0], 3, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(3)
        self.fc = nn.Linear(3 * IMAGE[1] * IMAGE[2], CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(torch.relu(self.bn(self.conv(x))).flatten(1))


def draw(name: str, shape: tuple[int, ...], scale: float = 1.0, center: float = 0.0) -> Tensor:
    return torch.from_numpy(tensor(SEED, name, shape, scale, center, 0))


def mix(x: Tensor, share: float, box: tuple[int, ...]) -> tuple[Tensor, float]:
    """The images mixed with the ones before them, and what is left of each."""
    neighbours = x.roll(1, 0)
    y = share * x + (1 - share) * neighbours
    top, left, bottom, right = box
    y[:, :, top:bottom, left:right] = neighbours[:, :, top:bottom, left:right]
    return y, share * (1 - (bottom - top) * (right - left) / (IMAGE[1] * IMAGE[2]))


def optimizer(name: str, net: Net) -> torch.optim.Optimizer:
    """Weights decay, vectors do not; the head's rate is HEAD times the others'."""
    groups = [
        {"params": [p], "lr": RATE * (HEAD if key.startswith("fc") else 1) * (1 if name == "sgd" else 0.1),
         "weight_decay": DECAY if p.ndim > 1 else 0.0}
        for key, p in net.named_parameters()
    ]
    if name == "sgd":
        return torch.optim.SGD(groups, momentum=MOMENTUM, nesterov=True)
    return torch.optim.AdamW(groups, betas=(0.8, 0.95), eps=1e-6)


def train(name: str, dtype: torch.dtype) -> dict[str, Tensor]:
    net = Net()
    with torch.no_grad():
        for key, parameter in net.named_parameters():
            is_norm = key == "bn.weight"
            parameter.copy_(draw(key, tuple(parameter.shape), 0.3, 1.0 if is_norm else 0.0))
    net = net.to(dtype)
    average = AveragedModel(copy.deepcopy(net), multi_avg_fn=get_ema_multi_avg_fn(EMA), use_buffers=True)
    steps = optimizer(name, net)
    losses, norms = [], []
    for step, (share, box) in enumerate(MIXES):
        images = draw(f"images{step}", (BATCH, *IMAGE), 2.0).to(dtype)
        labels = torch.from_numpy(integers(SEED, f"labels{step}", BATCH, CLASSES)).long()
        mixed, left = mix(images, share, box)
        logits = net(mixed)
        own, other = (F.cross_entropy(logits, y, label_smoothing=SMOOTHING) for y in (labels, labels.roll(1, 0)))
        loss = left * own + (1 - left) * other
        steps.zero_grad()
        loss.backward()
        norms.append(clip_grad_norm_(net.parameters(), CLIP).detach())
        steps.step()
        average.update_parameters(net)
        losses.append(loss.detach())
    kept = {key: value for key, value in net.state_dict().items() if value.is_floating_point()}
    averages = {key: value for key, value in average.module.state_dict().items() if value.is_floating_point()}
    return {"losses": torch.stack(losses), "norms": torch.stack(norms), **kept,
            **{f"ema/{key}": value for key, value in averages.items()}}


def case(name: str) -> dict:
    single, double = train(name, torch.float32), train(name, torch.float64)
    rows = {key: {"shape": list(value.shape), "values": value.detach().numpy(), "deviation": deviation(value, double[key])}
            for key, value in single.items()}
    return {"optimizer": name, "learningRate": RATE * (1 if name == "sgd" else 0.1), "expected": rows}


def main() -> None:
    torch.set_num_threads(1)
    header = {"torch": torch.__version__, "seed": SEED, "batch": BATCH, "image": list(IMAGE), "classes": CLASSES,
              "momentum": MOMENTUM, "weightDecay": DECAY, "headFactor": HEAD, "clipNorm": CLIP, "emaDecay": EMA,
              "smoothing": SMOOTHING, "mixes": [{"share": share, "box": list(box)} for share, box in MIXES]}
    write_json(FIXTURES / "train" / "steps.json", header, "cases", [case("sgd"), case("adamw")])


main()
