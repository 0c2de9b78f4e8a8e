"""Losses of PyTorch with their gradients: `test/fixtures/train/losses.json`.

Run: python tools/loss_fixtures.py   (torch 2.13)

`loss` and `gradient`, by the outputs, are computed in float64; `deviation` is how far PyTorch's float32 is from them.
test/fixtures/README.md has the format.
"""

import torch
from torch import nn

from fixture_file import FIXTURES, significant, write_json
from threefry import integers, tensor

SEED, N, K = 5, 7, 4
WEIGHTS = [0.5, 2.0, 0.0, 1.25]


def draw(name: str, scale: float, dtype: torch.dtype) -> torch.Tensor:
    return torch.from_numpy(tensor(SEED, name, (N, K), scale, 0.0, 0)).to(dtype)


def cross_entropy(weights: bool = False, ignore: int | None = None, **options):
    def make(dtype: torch.dtype) -> nn.Module:
        weight = torch.tensor(WEIGHTS, dtype=dtype) if weights else None
        return nn.CrossEntropyLoss(weight=weight, ignore_index=-100 if ignore is None else ignore, **options)

    return make


CASES = [
    ("crossEntropy", {"reduction": "sum"}, "labels", cross_entropy(reduction="sum")),
    ("crossEntropy", {"reduction": "none"}, "labels", cross_entropy(reduction="none")),
    ("crossEntropy", {"reduction": "sum", "labelSmoothing": 0.3, "classWeights": WEIGHTS}, "labels",
     cross_entropy(weights=True, label_smoothing=0.3, reduction="sum")),
    ("crossEntropy", {"ignoreIndex": 2}, "labels", cross_entropy(ignore=2)),
    ("crossEntropy", {"ignoreIndex": -100, "labelSmoothing": 0.2, "classWeights": WEIGHTS}, "ignored",
     cross_entropy(weights=True, label_smoothing=0.2)),
    ("crossEntropy", {}, "probabilities", cross_entropy()),
    ("crossEntropy", {"labelSmoothing": 0.1, "classWeights": WEIGHTS}, "probabilities",
     cross_entropy(weights=True, label_smoothing=0.1)),
    ("mseLoss", {}, "values", lambda _: nn.MSELoss()),
    ("l1Loss", {}, "values", lambda _: nn.L1Loss()),
    ("huberLoss", {"delta": 0.7}, "values", lambda _: nn.HuberLoss(delta=0.7)),
    ("bceWithLogits", {}, "probabilities", lambda _: nn.BCEWithLogitsLoss()),
]


def targets(kind: str, dtype: torch.dtype) -> torch.Tensor:
    labels = torch.from_numpy(integers(SEED, "labels", N, K)).long()
    if kind == "labels":
        return labels
    if kind == "ignored":
        labels[[0, 3]] = -100
        return labels
    return draw("targets", 1.0, dtype) if kind == "values" else draw("targets", 1.0, dtype).softmax(1)


def run(kind: str, make, dtype: torch.dtype, given: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
    outputs = draw("outputs", 3.0, dtype).requires_grad_()
    target = targets(kind, dtype) if given is None else given.to(dtype)
    loss = make(dtype)(outputs, target)
    loss.sum().backward()
    return loss.detach().double(), outputs.grad.double()


def main() -> None:
    cases = []
    for name, options, kind, make in CASES:
        # Probabilities in float32, so that both precisions have the same.
        given = targets(kind, torch.float32) if kind in ("values", "probabilities") else None
        exact, single = run(kind, make, torch.float64, given), run(kind, make, torch.float32, given)
        deviation = significant(max(float((a - b).abs().max()) for a, b in zip(exact, single)))
        target = given.numpy() if given is not None else targets(kind, torch.float32).tolist()
        cases.append({"loss": name, "options": options, "targets": target, "value": exact[0].flatten().tolist(),
                      "gradient": exact[1].flatten().tolist(), "deviation": deviation})
    header = {"seed": SEED, "samples": N, "classes": K}
    write_json(FIXTURES / "train" / "losses.json", header, "cases", cases)


if __name__ == "__main__":
    main()
