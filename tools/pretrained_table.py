"""Writes src/pretrained/table.ts: pretrained weights for the models of the catalogue, as torchvision and timm publish them.

    npm run build
    pip install torch torchvision timm
    git clone https://github.com/huggingface/pytorch-image-models
    python tools/pretrained_table.py --timm-results pytorch-image-models/results/results-imagenet.csv

Address, size, licence, accuracy and preprocessing come from the metadata in the two packages; nothing is downloaded.
timm's package has no accuracies, and its repository has them in a table, by image size and crop; only a row with the
size and crop of the entry is used. None stands for what the source does not state. The same versions write the same bytes.
"""

import argparse
import csv
import json
import math
import re
import subprocess
from pathlib import Path

import torch

# Only metadata is read, so torchvision need not have been built for this version of PyTorch.
torch.library.register_fake = lambda *_args, **_options: lambda function: function

import timm  # noqa: E402
import torchvision  # noqa: E402
from timm.models import get_pretrained_cfg, list_pretrained  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "src/pretrained/table.ts"
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

# timm names the layers of these networks otherwise than torchvision, whose names the models have.
OTHER_NAMES_IN_TIMM = ("convnext_tiny", "convnext_small", "mobilenet_v2")

# https://github.com/akamaster/pytorch_resnet_cifar10, at this commit: README.md (test errors), LICENSE and pretrained_models/.
# The size of ResNet-110's file is not stated anywhere.
AKAMASTER = "https://github.com/akamaster/pytorch_resnet_cifar10/raw/d5489e8995e81e91ce6b1d69dcc98ad579b0b153"
AKAMASTER_FILES = (
    (20, "resnet20-12fca82f.th", 8.27, 1_099_231),
    (32, "resnet32-d509ac18.th", 7.37, 1_890_043),
    (44, "resnet44-014dd654.th", 6.90, 2_680_855),
    (56, "resnet56-4bfd9763.th", 6.61, 3_471_733),
    (110, "resnet110-1d1ed7c2.th", 6.32, None),
)


def catalogue():
    """Names of the models that this package has."""
    script = 'import("./dist/src/models/catalog.js").then(({ models }) => console.log(Object.keys(models).join(" ")))'
    return subprocess.run(["node", "-e", script], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()


def hash_in_name(address):
    """The digits of the SHA-256 that PyTorch's hub has in the names of files."""
    found = re.search(r"-([0-9a-f]{8,64})\.(?:pth|th)$", address)
    return found and found.group(1)


def torchvision_rows(model):
    if model not in torchvision.models.list_models():
        return
    for weights in torchvision.models.get_model_weights(model):
        (data, metrics), = weights.meta["_metrics"].items()
        preset = weights.transforms()
        (crop,), (resize,) = preset.crop_size, preset.resize_size
        yield {
            "name": f"{model}.{weights.name.lower()}",
            "model": model,
            "source": "torchvision",
            "address": weights.url,
            "sha256": hash_in_name(weights.url),
            "mebibytes": weights.meta["_file_size"],
            "licence": weights.meta.get("license"),
            "data": data,
            "classes": len(weights.meta["categories"]),
            "top1": metrics["acc@1"],
            "top5": metrics["acc@5"],
            "image": [3, crop, crop],
            "resize": resize,
            "interpolation": preset.interpolation.value,
            "mean": preset.mean,
            "std": preset.std,
        }


def timm_data(tag, classes):
    """The data that the classes are of, as timm's tags say it."""
    known = {1000: ("in1k", "ImageNet-1K")}
    word, data = known.get(classes, (None, None))
    return data if word and tag.endswith(word) else None


def timm_rows(model, results):
    if model in OTHER_NAMES_IN_TIMM:
        return
    for name in list_pretrained(f"{model}.*"):
        config = get_pretrained_cfg(name)
        assert config.crop_mode == "center" and not config.custom_load and config.hf_hub_filename is None, name
        channels, height, width = config.input_size
        assert height == width, name
        accuracy = results.get((name, height, config.crop_pct), {})
        yield {
            "name": name,
            "model": model,
            "source": "timm",
            "address": f"hf:{config.hf_hub_id}",
            "sha256": None,  # the Hub states it with the file
            "mebibytes": None,
            "licence": config.license,
            "data": timm_data(config.tag, config.num_classes),
            "classes": config.num_classes,
            "top1": accuracy.get("top1"),
            "top5": accuracy.get("top5"),
            "image": [channels, height, width],
            "resize": math.floor(height / config.crop_pct),
            "interpolation": config.interpolation,
            "mean": config.mean,
            "std": config.std,
        }


def akamaster_rows():
    for depth, file, error, size in AKAMASTER_FILES:
        yield {
            "name": f"cifar-resnet{depth}.cifar10",
            "model": f"cifar-resnet{depth}",
            "source": "akamaster",
            "address": f"{AKAMASTER}/pretrained_models/{file}",
            "sha256": hash_in_name(file),
            "mebibytes": size and round(size / 2**20, 3),
            "licence": "bsd-2-clause",  # of the repository
            "data": "CIFAR-10",
            "classes": 10,
            "top1": round(100 - error, 2),
            "top5": None,
            "image": [3, 32, 32],
            "resize": None,
            "interpolation": None,
            "mean": IMAGENET_MEAN,
            "std": IMAGENET_STD,
        }


def read_results(path):
    with open(path, newline="", encoding="utf-8") as file:
        return {
            (row["model"], int(row["img_size"]), float(row["crop_pct"])): {
                "top1": float(row["top1"]),
                "top5": float(row["top5"]),
            }
            for row in csv.DictReader(file)
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--timm-results", required=True, help="results/results-imagenet.csv of timm's repository")
    results = read_results(parser.parse_args().timm_results)
    models = catalogue()
    rows = [row for model in models for row in (*torchvision_rows(model), *timm_rows(model, results))]
    rows += akamaster_rows()
    unusual = {row["interpolation"] for row in rows} - {"bilinear", "bicubic", None}
    assert not unusual, unusual
    lines = [
        f"// Written by tools/pretrained_table.py from torchvision {torchvision.__version__.split('+')[0]} and timm {timm.__version__}.",
        'import type { PretrainedWeights } from "./pretrained-weights.js";',
        "",
        "// prettier-ignore",
        "export const table: readonly PretrainedWeights[] = [",
        *(f"  {as_literal(row)}," for row in rows),
        "];",
        "",
    ]
    TABLE.write_text("\n".join(lines), encoding="utf-8")
    print(f"{TABLE}: {len(rows)} weights for {len({row['model'] for row in rows})} models")


def as_literal(row):
    return "{ " + ", ".join(f"{key}: {json.dumps(value)}" for key, value in row.items()) + " }"


if __name__ == "__main__":
    main()
