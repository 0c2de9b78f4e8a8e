"""Writes test/fixtures/data/resize.json: what Pillow makes of images.

Run: python tools/transform_fixtures.py   (Pillow 12.3.0, numpy)

Images are drawn, not stored: byte i is floor(low + uniform(randomKey(seed, "image"), i) * (high - low)).
A result of up to 1000 bytes stands whole, in base64; of a larger one there is the SHA-256.
"""

import base64
import hashlib

import numpy as np
import PIL
from PIL import Image

from fixture_file import FIXTURES, write_json
from threefry import random_key, uniform

FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


def draw(seed: int, height: int, width: int, channels: int, low: int = 0, high: int = 256) -> Image.Image:
    values = uniform(random_key(seed, "image"), height * width * channels)
    pixels = np.floor(low + values * (high - low)).astype(np.uint8).reshape(height, width, channels)
    return Image.fromarray(pixels[:, :, 0] if channels == 1 else pixels)


def expected(image: Image.Image) -> dict[str, object]:
    data = np.asarray(image).tobytes()
    size = {"height": image.height, "width": image.width}
    if len(data) <= 1000:
        return {**size, "bytes": base64.b64encode(data).decode()}
    return {**size, "sha256": hashlib.sha256(data).hexdigest()}


# Height, width, channels, and the height and width to make of them.
RESIZES = [
    (28, 28, 1, 96, 96), (32, 32, 3, 224, 224), (5, 7, 3, 11, 4), (7, 5, 1, 7, 13), (9, 4, 3, 3, 4),
    (1, 1, 3, 6, 5), (6, 5, 3, 1, 1), (17, 31, 1, 16, 30), (40, 53, 3, 8, 9), (64, 64, 3, 15, 64),
    (3, 200, 1, 2, 7), (300, 2, 3, 19, 3), (131, 97, 3, 96, 71), (256, 341, 3, 224, 298),
]


def resizes():
    for seed, (height, width, channels, to_height, to_width) in enumerate(RESIZES):
        image = draw(seed, height, width, channels)
        for name, resample in FILTERS.items():
            result = image.resize((to_width, to_height), resample)
            yield {"seed": seed, "image": [height, width, channels], "size": [to_height, to_width],
                   "interpolation": name, "expected": expected(result)}


def main() -> None:
    header = {"pillow": PIL.__version__}
    write_json(FIXTURES / "data" / "resize.json", header, "cases", list(resizes()))


main()
