"""PyTorch's side of `resnet bench --loader FOLDER --compare pytorch`: epochs of a DataLoader that decodes with Pillow.

    python tools/bench_loader.py FOLDER WORKERS [bytes]

Loads one epoch and prints `ready`. Then answers each line `run K` on standard input with a line of JSON about K more
epochs. Images are cropped, resized, flipped and normalized as torchvision's RandomResizedCrop(224),
RandomHorizontalFlip, ToTensor and Normalize do it, which are written out here; with `bytes` they stay as the bytes of
PILToTensor.
"""

import json
import math
import random
import resource
import sys
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

BATCH = 32
ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif", ".tiff", ".tif"}


def crop_box(width: int, height: int) -> tuple[int, int, int, int]:
    for _ in range(10):
        area = width * height * random.uniform(0.08, 1)
        ratio = math.exp(random.uniform(math.log(3 / 4), math.log(4 / 3)))
        w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < w <= width and 0 < h <= height:
            left, top = random.randint(0, width - w), random.randint(0, height - h)
            return left, top, left + w, top + h
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    return left, top, left + side, top + side


class Photographs(Dataset):
    def __init__(self, root: Path, in_bytes: bool) -> None:
        self.in_bytes = in_bytes
        folder = root / "train" if (root / "train").is_dir() else root
        self.files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in ENDINGS)
        self.classes = sorted({file.relative_to(folder).parts[0] for file in self.files})
        self.labels = [self.classes.index(file.relative_to(folder).parts[0]) for file in self.files]

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, row: int) -> tuple[torch.Tensor, int]:
        image = Image.open(self.files[row]).convert("RGB")
        image = image.crop(crop_box(*image.size)).resize((224, 224), Image.Resampling.BILINEAR)
        if random.random() < 0.5:
            image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous()
        if not self.in_bytes:
            pixels = pixels.float().div(255).sub_(0.5).div_(0.5)
        return pixels, self.labels[row]


def processor_seconds() -> float:
    """Of this process and of the workers that have ended, which they do with each epoch."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def main() -> None:
    folder, workers, *form = sys.argv[1:]
    torch.set_num_threads(1)
    images = Photographs(Path(folder), form == ["bytes"])
    loader = DataLoader(images, batch_size=BATCH, shuffle=True, num_workers=int(workers))

    def epoch() -> None:
        for _ in loader:
            pass

    epoch()
    print("ready", flush=True)
    for line in sys.stdin:
        command, count = line.split()
        if command != "run":
            sys.exit(f'The line should be "run K", but is "{line.strip()}".')
        before, milliseconds = processor_seconds(), []
        for _ in range(int(count)):
            start = time.perf_counter()
            epoch()
            milliseconds.append((time.perf_counter() - start) * 1000)
        answer = {
            "milliseconds": milliseconds,
            "processorMilliseconds": (processor_seconds() - before) * 1000,
            "images": len(images),
            "peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        }
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
