"""What torchvision's ToTensor and Normalize make of all 256 bytes: `test/fixtures/data/normalize.json`.

test/fixtures/README.md has the format.
"""

import numpy as np
import torch
from PIL import Image
from torchvision.transforms import Compose, Normalize, ToTensor

from fixture_file import FIXTURES, write_json

CASES = {
    "ImageNet": ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    "CIFAR-10": ([0.4914, 0.4822, 0.4465], [0.2023, 0.1994, 0.201]),
    "halves": ([0.5, 0.5, 0.5], [0.5, 0.5, 0.5]),
    "identity": ([0.0, 0.0, 0.0], [1.0, 1.0, 1.0]),
    "MNIST": ([0.1307], [0.3081]),
    "Fashion-MNIST": ([0.2860405969887955], [0.35302424451492237]),
    "extremes": ([-3.7, 1.0, 1e-8], [1e-3, 1e3, 1 / 3]),
}

if __name__ == "__main__":
    rows = []
    for name, (mean, std) in CASES.items():
        grey = np.arange(256, dtype=np.uint8).reshape(1, 256)
        image = Image.fromarray(grey if len(mean) == 1 else np.repeat(grey[:, :, None], len(mean), axis=2))
        normalized = Compose([ToTensor(), Normalize(mean, std)])(image)
        rows.append({"name": name, "mean": mean, "std": std, "expected": normalized.numpy()})
    write_json(FIXTURES / "data" / "normalize.json", {"torch": torch.__version__}, "rows", rows)
