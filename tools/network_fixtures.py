"""Whole networks over ten training steps, from PyTorch: `test/fixtures/networks/`.

Everything is computed in float32, which the fixtures hold, in float32 by two other ways, and in float64, which tells
how far PyTorch's own float32 strays. test/fixtures/README.md has the format.

A ReLU whose input lies within rounding error of zero makes ten steps chaotic: one implementation lets the gradient
pass, another does not, and batch norm over a few samples spreads the difference. Three things keep that away: the last
batch norm of a block starts at half weight, batch norm's biases keep most inputs off zero, and the seed is one for which
no ReLU's input comes as close to zero as the layer's rounding error. `kink_margin` prints that.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fixture_file import FIXTURES, deviation, significant, write_json
from resnet_torch import ResNet
from threefry import integers, tensor

Tensors = dict[str, Tensor]

STEPS = 10
POSITIONS = 32  # values kept of a large tensor
MOMENTUM = 0.9
WEIGHT_DECAY = 1e-4
IMAGE_SCALE = 2.0


@dataclass(frozen=True)
class Network:
    file: str
    model: str
    seed: int
    width: int
    input: tuple[int, int, int]
    batch: int
    learning_rate: float
    all_gradients: bool
    classes: int = 10


NETWORKS = [
    Network("resnet18", "resnet18", 6, 64, (1, 28, 28), 8, 0.003, all_gradients=False),
    # the last maps are 2x2: with 1x1 batch norm would see 6 numbers
    Network("resnet50-narrow", "resnet50", 84, 4, (3, 40, 33), 6, 0.005, all_gradients=True),
]


def initial(model: str, name: str, shape: torch.Size) -> dict[str, float]:
    """Scale and center of a parameter's first value."""
    if len(shape) == 4:
        return {"scale": math.sqrt(6 / math.prod(shape[1:])), "center": 0.0}
    if name.endswith("bias"):
        return {"scale": 0.1, "center": -1.0 if name == "bn1.bias" else 0.5}
    last = name.startswith("layer") and ("bn3" if model == "resnet50" else "bn2") in name
    return {"scale": 0.1, "center": 0.5 if last else 1.0}


def draws(network: Network) -> dict[str, dict[str, float]]:
    parameters = dict(make(network).named_parameters())
    fc = {"scale": 1 / math.sqrt(parameters["fc.weight"].shape[1]), "center": 0.0}
    return {name: fc if name.startswith("fc.") else initial(network.model, name, p.shape) for name, p in parameters.items()}


def make(network: Network) -> ResNet:
    return ResNet(network.model, network.input[0], network.classes, network.width)


def images(network: Network, step: int) -> Tensor:
    return torch.from_numpy(tensor(network.seed, f"images{step}", (network.batch, *network.input), IMAGE_SCALE))


def labels(network: Network, step: int) -> Tensor:
    return torch.from_numpy(integers(network.seed, f"labels{step}", network.batch, network.classes))


def buffers(model: ResNet) -> Tensors:
    return {name: value.clone() for name, value in model.named_buffers() if "num_batches" not in name}


def watch_relus(model: ResNet) -> list[Tensor]:
    """What every ReLU gets while training, in order; of the stem's what the max-pool after it lets through."""
    seen: list[Tensor] = []

    def watch(name: str):
        def hook(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            if torch.is_grad_enabled():
                x = inputs[0].detach().clone()
                seen.append(F.max_pool2d(x, 3, 2, 1) if name == "relu" else x)
        return hook

    for name, module in model.named_modules():
        if isinstance(module, nn.ReLU):
            module.register_forward_pre_hook(watch(name))
    return seen


def kink_margin(single: list[Tensor], double: list[Tensor]) -> float:
    """The least, over layers and steps, of the input nearest zero in units of the layer's largest rounding error."""
    return min((b.abs().min() / (a.double() - b).abs().max()).item() for a, b in zip(single, double, strict=True))


def train(network: Network, dtype: torch.dtype, layout=torch.contiguous_format) -> tuple[dict[str, Tensors], list[Tensor]]:
    """Ten steps of SGD, each on its own batch: what the fixture's parts hold, by name, and what the ReLUs got."""
    model = make(network)
    relus = watch_relus(model)
    with torch.no_grad():
        for name, spec in draws(network).items():
            parameter = model.get_parameter(name)
            parameter.copy_(torch.from_numpy(tensor(network.seed, name, tuple(parameter.shape), **spec)))
    model.to(dtype=dtype, memory_format=layout)
    optimizer = torch.optim.SGD(
        model.parameters(), lr=network.learning_rate, momentum=MOMENTUM, weight_decay=WEIGHT_DECAY, foreach=False
    )
    losses: list[Tensor] = []
    for step in range(1, STEPS + 1):
        optimizer.zero_grad()
        logits = model(images(network, step).to(dtype=dtype, memory_format=layout))
        loss = F.cross_entropy(logits, labels(network, step))
        loss.backward()
        losses.append(loss.detach())
        if step == 1:
            first_logits = logits.detach()
            gradients = {name: p.grad.clone().contiguous() for name, p in model.named_parameters()}
            first_statistics = buffers(model)
        optimizer.step()
    model.eval()
    with torch.no_grad():
        eval_logits = model(images(network, 1).to(dtype))
    parts = {
        "outputs": {"losses": torch.stack(losses), "logits": first_logits, "evalLogits": eval_logits},
        "gradients": gradients,
        "parameters": {name: p.detach().contiguous() for name, p in model.named_parameters()},
        "firstStatistics": first_statistics,
        "statistics": buffers(model),
    }
    return parts, relus


def distance(single: Tensor, double: Tensor) -> float:
    return significant(((single.double() - double).norm() / double.norm()).item())


def summary(value: Tensor, with_values: bool) -> dict[str, object]:
    """Norms of a tensor, and some of its values."""
    flat = value.reshape(-1).numpy()
    wide = flat.astype(np.float64)
    kept = min(POSITIONS, flat.size)
    positions = [i * flat.size // kept for i in range(kept)]
    return {
        "l2": float(np.sqrt(np.sum(wide * wide))),
        "sum": float(np.sum(wide)),
        "maxAbs": np.abs(flat).max(),
        **({"values": flat[positions]} if with_values else {}),
    }


def write(network: Network) -> None:
    parts, relus = train(network, torch.float32)
    exact, exact_relus = train(network, torch.float64)
    others = [train(network, torch.float32, torch.channels_last)[0]]
    with torch.backends.mkldnn.flags(enabled=False):
        others.append(train(network, torch.float32)[0])

    print(f"{network.file}: kink margin {kink_margin(relus, exact_relus):.2f}")
    print("  losses:", *(f"{loss:.4f}" for loss in parts["outputs"]["losses"]))

    def deviations(part: str, name: str) -> dict[str, float]:
        """The largest of PyTorch's three ways to compute in float32."""
        ways = [way[part][name] for way in (parts, *others)]
        double = exact[part][name]
        return {
            "deviation": max(deviation(way, double) for way in ways),
            "deviationL2": max(distance(way, double) for way in ways),
        }

    rows: list[dict[str, object]] = []
    offset = 0
    specs = draws(network)
    first = {name: tensor(network.seed, name, tuple(p.shape), **specs[name]) for name, p in parts["parameters"].items()}
    for name, value in first.items():
        rows.append({"part": "initial", "name": name, "shape": list(value.shape), **specs[name]})
    for part, tensors in parts.items():
        for name, value in tensors.items():
            row: dict[str, object] = {"part": part, "name": name, "shape": list(value.shape), **deviations(part, name)}
            if part == "outputs":
                row["values"] = value.numpy()
            elif part == "gradients" and network.all_gradients:
                row |= {"offset": offset, **summary(value, with_values=False)}
                offset += value.numel()
            else:
                row |= summary(value, with_values=True)
            if part == "parameters":
                row["change"] = distance(torch.from_numpy(first[name]), value.double())
            rows.append(row)
        own = {row["name"]: row["deviation"] for row in rows if row["part"] == part}
        worst = max(own, key=own.__getitem__)
        print(f"  {part}: deviation median {np.median(list(own.values())):.1e}, largest {own[worst]:.1e} ({worst})")
    changes = [row["change"] for row in rows if "change" in row]
    print(f"  change of the parameters: median {np.median(changes):.1e}, least {min(changes):.1e}")

    header = {
        "torch": torch.__version__,
        "model": network.model,
        "width": network.width,
        "seed": network.seed,
        "input": list(network.input),
        "classes": network.classes,
        "batch": network.batch,
        "steps": STEPS,
        "learningRate": network.learning_rate,
        "momentum": MOMENTUM,
        "weightDecay": WEIGHT_DECAY,
        "imageScale": IMAGE_SCALE,
        "firstLabels": labels(network, 1).numpy(),
    }
    write_json(FIXTURES / "networks" / f"{network.file}.json", header, "tensors", rows)
    if network.all_gradients:
        values = np.concatenate([value.reshape(-1).numpy() for value in parts["gradients"].values()])
        values.astype("<f4").tofile(FIXTURES / "networks" / f"{network.file}.gradients.bin")


def main() -> None:
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    for network in NETWORKS:
        write(network)


if __name__ == "__main__":
    main()
