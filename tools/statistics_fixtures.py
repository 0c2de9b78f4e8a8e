"""Errors of PyTorch's batch-norm statistics where the mean is far from zero: `test/fixtures/statistics.json`.

Truth is numpy's mean and biased variance of the same float32 values, in float64. test/fixtures/README.md has the format.
"""

from itertools import product

import numpy as np
import torch
import torch.nn.functional as F

from fixture_file import FIXTURES, significant, write_json
from threefry import tensor

HEIGHT, WIDTH, BATCH = 16, 16, 64
COUNT = HEIGHT * WIDTH * BATCH
SCALE = 3**0.5  # uniform in mean ± √3: deviation 1
SEEDS = range(1, 5)
MEANS = [0, 1, 3, 10, 100, 1000, 10000]


def errors(magnitude: float) -> tuple[float, float]:
    """The largest error of the mean and of the variance over all draws, around the mean and its negative."""
    worst = [0.0, 0.0]
    for seed, mean in product(SEEDS, (magnitude, -magnitude)):
        drawn = tensor(seed, f"mean {mean}", (HEIGHT, WIDTH, BATCH), SCALE, mean)
        x = torch.from_numpy(drawn).permute(2, 0, 1).unsqueeze(1).contiguous()  # NCHW with one channel
        running = torch.zeros(1), torch.ones(1)
        F.batch_norm(x, *running, None, None, True, 1.0)  # momentum 1: the running statistics are the batch's
        truth = drawn.astype(np.float64).mean(), drawn.astype(np.float64).var() * COUNT / (COUNT - 1)
        worst = [max(w, abs(r.item() - t)) for w, r, t in zip(worst, running, truth)]
    return worst[0], worst[1]


if __name__ == "__main__":
    rows = []
    for mean in MEANS:
        mean_error, variance_error = errors(mean)
        rows.append({"mean": mean, "meanError": significant(mean_error), "varianceError": significant(variance_error)})
    header = {"torch": torch.__version__, "size": [HEIGHT, WIDTH, BATCH], "scale": SCALE, "seeds": list(SEEDS)}
    write_json(FIXTURES / "statistics.json", header, "rows", rows)
