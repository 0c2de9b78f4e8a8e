"""Writes test/fixtures/data/*.json: what Pillow, and torchvision on Pillow's images, make of images.

Run: python tools/transform_fixtures.py   (Pillow 12.3.0, torchvision 0.28.0, numpy)

Images are drawn, not stored: byte i is floor(low + uniform(randomKey(seed, "image"), i) * (high - low)).
A result of up to 60 bytes stands whole, in base64; of a larger one there is the SHA-256.
"""

import base64
import hashlib

import numpy as np
import PIL
import torchvision
from PIL import Image
from torchvision.transforms import InterpolationMode, RandAugment, TrivialAugmentWide
from torchvision.transforms import functional as F
from torchvision.transforms.autoaugment import _apply_op

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
    if len(data) <= 60:
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


# Height, width and channels; the range that bytes are drawn from.
IMAGES = [((16, 16, 3), (0, 256)), ((13, 22, 3), (30, 200)), ((12, 9, 1), (0, 256)), ((2, 3, 3), (0, 256)),
          ((40, 30, 3), (100, 140)), ((5, 5, 1), (77, 78))]
MODES = {"nearest": InterpolationMode.NEAREST, "bilinear": InterpolationMode.BILINEAR}
STEPS = (1, 9, 20, 30)


def spaces(height: int, width: int):
    """Magnitudes of every operation by name, as a list and whether they may be negative."""
    yield "randAugment", RandAugment()._augmentation_space(31, (height, width))
    yield "trivialAugmentWide", TrivialAugmentWide()._augmentation_space(31)


def operations():
    """Every operation of both policies, at some of its magnitudes."""
    for seed, (shape, span) in enumerate(IMAGES):
        image = draw(seed, *shape, *span)
        for policy, space in spaces(shape[0], shape[1]):
            for name, (magnitudes, signed) in space.items():
                if magnitudes.ndim == 0 and policy == "randAugment":
                    continue
                for step in STEPS if magnitudes.ndim else (0,):
                    magnitude = float(magnitudes[step]) if magnitudes.ndim else 0.0
                    sign = -1 if signed and step % 2 else 1
                    mode = "bilinear" if (seed + step) % 3 == 0 else "nearest"
                    fill = [10, 200, 30][:shape[2]]
                    result = _apply_op(image, name, sign * magnitude, MODES[mode], fill if shape[2] == 3 else fill[0])
                    yield {"seed": seed, "image": list(shape), "span": list(span), "policy": policy,
                           "operation": name[0].lower() + name[1:], "step": step, "sign": sign,
                           "magnitude": magnitude, "interpolation": mode, "fill": fill, "expected": expected(result)}


ADJUSTMENTS = [("hue", F.adjust_hue, (-0.5, -0.31, -0.1, -0.001, 0.0, 0.01, 0.2, 0.5)),
               ("brightness", F.adjust_brightness, (0.0, 0.4, 1.0, 1.7)),
               ("contrast", F.adjust_contrast, (0.0, 0.4, 1.0, 1.7)),
               ("saturation", F.adjust_saturation, (0.0, 0.4, 1.0, 1.7)),
               ("sharpness", F.adjust_sharpness, (0.0, 0.4, 1.0, 1.7))]


def adjustments():
    for seed, (shape, span) in enumerate(IMAGES):
        image = draw(seed, *shape, *span)
        for name, adjust, amounts in ADJUSTMENTS:
            for amount in amounts:
                yield {"seed": seed, "image": list(shape), "span": list(span), "adjust": name, "amount": amount,
                       "expected": expected(adjust(image, amount))}


def motions():
    """Rotations and affine maps of any size."""
    rng = np.random.default_rng(0)
    for seed, (shape, span) in enumerate(IMAGES):
        image = draw(seed, *shape, *span)
        for i in range(12):
            angle, scale, *shear = (float(x) for x in rng.uniform([-180, 0.5, -40, -40], [180, 2, 40, 40]))
            translate = [int(x) for x in rng.integers(-5, 6, 2)]
            mode = ("nearest", "bilinear")[i % 2]
            row = {"seed": seed, "image": list(shape), "span": list(span), "interpolation": mode}
            if i < 6:
                angle = (angle, 90.0, 180.0, 270.0, 0.0, angle)[i]
                yield {**row, "angle": angle, "expected": expected(F.rotate(image, angle, MODES[mode]))}
            else:
                result = F.affine(image, angle, translate, scale, shear, MODES[mode])
                yield {**row, "motion": {"angle": angle, "translate": translate, "scale": scale, "shear": shear},
                       "expected": expected(result)}


def grey():
    for seed, (shape, span) in enumerate(IMAGES):
        yield {"seed": seed, "image": list(shape), "span": list(span),
               "expected": expected(draw(seed, *shape, *span).convert("L"))}


def main() -> None:
    header = {"pillow": PIL.__version__, "torchvision": torchvision.__version__.split("+")[0]}
    write_json(FIXTURES / "data" / "resize.json", header, "cases", list(resizes()))
    for name, cases in (("operations", operations), ("adjustments", adjustments), ("motions", motions), ("grey", grey)):
        write_json(FIXTURES / "data" / f"{name}.json", header, "cases", list(cases()))


main()
