"""Learning rates of PyTorch's schedulers, step by step: `test/fixtures/train/schedules.json`.

Run: python tools/schedule_fixtures.py   (torch 2.13)
"""

import torch
from torch.optim import SGD
from torch.optim.lr_scheduler import (CosineAnnealingLR, ExponentialLR, LinearLR, LRScheduler, MultiStepLR, OneCycleLR,
                                      PolynomialLR, ReduceLROnPlateau, SequentialLR, StepLR)

from fixture_file import FIXTURES, write_json

PEAK, EPOCHS, STEPS = 0.1, 6, 7  # the peak, epochs, and steps in one


def optimizer() -> SGD:
    return SGD([torch.nn.Parameter(torch.zeros(1))], lr=PEAK)


def rates(sgd: SGD, scheduler: LRScheduler, every: int = 1) -> list[float]:
    """The rate of each step, where the scheduler advances after every `every` steps."""
    result = []
    for step in range(EPOCHS * STEPS):
        result.append(sgd.param_groups[0]["lr"])
        sgd.step()
        if (step + 1) % every == 0 and step + 1 < EPOCHS * STEPS:
            scheduler.step()
    return result


def case(schedule: dict, make, every: int = 1) -> dict:
    sgd = optimizer()
    return {"schedule": schedule, "rates": rates(sgd, make(sgd), every)}


def warm(make, warmup: int):
    """`make`'s scheduler after `warmup` steps from PEAK / warmup to PEAK."""

    def build(sgd: SGD) -> SequentialLR:
        before = LinearLR(sgd, start_factor=1 / warmup, total_iters=warmup - 1)
        return SequentialLR(sgd, [before, make(sgd)], milestones=[warmup])

    return build


def by_step() -> list[dict]:
    total, warmup = EPOCHS * STEPS, 2 * STEPS
    return [
        case({"kind": "step", "every": 2, "factor": 0.3}, lambda o: StepLR(o, 2, 0.3), every=STEPS),
        case({"kind": "step", "every": 2, "factor": 0.3, "warmup": 2}, warm(lambda o: StepLR(o, 2 * STEPS, 0.3), warmup)),
        case({"kind": "multi-step", "milestones": [1, 4], "factor": 0.1}, lambda o: MultiStepLR(o, [1, 4], 0.1), every=STEPS),
        case({"kind": "multi-step", "milestones": [1.5, 3, 5], "factor": 0.2}, lambda o: MultiStepLR(o, [11, 21, 35], 0.2)),
        case({"kind": "exponential", "factor": 0.5}, lambda o: ExponentialLR(o, 0.5 ** (1 / STEPS))),
        case({"kind": "exponential", "factor": 0.5, "warmup": 2}, warm(lambda o: ExponentialLR(o, 0.5 ** (1 / STEPS)), warmup)),
        case({"kind": "cosine"}, lambda o: CosineAnnealingLR(o, total)),
        case({"kind": "cosine", "floor": 0.05}, lambda o: CosineAnnealingLR(o, total, eta_min=0.05 * PEAK)),
        case({"kind": "cosine", "warmup": 2}, warm(lambda o: CosineAnnealingLR(o, total - warmup), warmup)),
        case({"kind": "polynomial", "power": 1}, lambda o: PolynomialLR(o, total, 1)),
        case({"kind": "polynomial", "power": 0.9}, lambda o: PolynomialLR(o, total, 0.9)),
        case({"kind": "one-cycle"}, lambda o: OneCycleLR(o, PEAK, total)),
        case({"kind": "one-cycle", "rise": 0.5, "startDivisor": 10, "endDivisor": 100, "anneal": "linear"},
             lambda o: OneCycleLR(o, PEAK, total, pct_start=0.5, anneal_strategy="linear", div_factor=10, final_div_factor=100)),
        case({"kind": "one-cycle", "warmup": 2}, warm(lambda o: OneCycleLR(o, PEAK, total - warmup), warmup)),
        case({"kind": "polynomial", "power": 1, "warmup": 2}, warm(lambda o: PolynomialLR(o, total - warmup, 1), warmup)),
        case({"kind": "multi-step", "milestones": [1, 2], "factor": 0.1, "warmup": 2},
             warm(lambda o: MultiStepLR(o, [STEPS, 2 * STEPS], 0.1), warmup)),
        case({"kind": "one-cycle", "rise": 0}, lambda o: OneCycleLR(o, PEAK, total, pct_start=0.0)),
    ]


LOSSES = [2.0, 1.5, 1.4999, 1.49, 1.495, 1.5, 1.6, 1.48, 1.4799, 1.48, 1.47, 1.5, 1.5, 1.5, 1.46, 1.4599, 1.46, 1.46,
          1.47, 1.3, 1.31, 1.32, 1.33, 1.34, 1.35, 1.36, 1.37, 1.38]
ACCURACIES = [0.1, 0.3, 0.3, 0.29, 0.31, 0.5, 0.5, 0.5, 0.49, 0.501, 0.6, 0.59, 0.58, 0.6, 0.61, 0.61, 0.61]


def plateau(schedule: dict, metrics: list[float], mode: str, **options: float) -> dict:
    sgd = optimizer()
    scheduler = ReduceLROnPlateau(sgd, mode, eps=0, **options)
    after = []
    for metric in metrics:
        scheduler.step(metric)
        after.append(sgd.param_groups[0]["lr"])
    return {"schedule": {"kind": "plateau", **schedule}, "metrics": metrics, "rates": after}


def by_metric() -> list[dict]:
    return [
        plateau({}, LOSSES, "min"),
        plateau({"patience": 1, "factor": 0.5}, LOSSES, "min", patience=1, factor=0.5),
        plateau({"patience": 0, "factor": 0.5, "threshold": 0.01}, LOSSES, "min", patience=0, factor=0.5, threshold=0.01),
        plateau({"patience": 1, "factor": 0.5, "cooldown": 2}, LOSSES, "min", patience=1, factor=0.5, cooldown=2),
        plateau({"patience": 0, "factor": 0.2, "floor": 0.1}, LOSSES, "min", patience=0, factor=0.2, min_lr=0.1 * PEAK),
        plateau({"metric": "validAccuracy", "patience": 1}, ACCURACIES, "max", patience=1),
    ]


def main() -> None:
    header = {"torch": torch.__version__, "peak": PEAK, "epochs": EPOCHS, "stepsPerEpoch": STEPS}
    write_json(FIXTURES / "train" / "schedules.json", header, "cases", [*by_step(), *by_metric()])


main()
