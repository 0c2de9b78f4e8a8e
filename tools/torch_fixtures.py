"""Writes test/fixtures/torch/: small files of torch.save and safetensors, and Hugging Face's names of ResNet's weights.

Needs torch, numpy, safetensors and transformers.
"""

import argparse
import json
from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from fixture_file import FIXTURES

FOLDER = FIXTURES / "torch"


def tensors() -> "OrderedDict[str, torch.Tensor]":
    values = torch.tensor([[-1.5, 0.0, 2.0], [3.25, -0.125, 65504.0]])
    whole = torch.tensor([[0, 1, 2], [3, 100, -7]])
    base = torch.arange(24.0).reshape(2, 3, 4)
    return OrderedDict(
        f32=values,
        f64=values.double(),
        f16=values.half(),
        bf16=values.bfloat16(),
        i64=whole * 2**40,
        i32=whole.int(),
        i16=whole.short(),
        i8=whole.char(),
        u8=whole.abs().byte(),
        bool=whole > 1,
        parameter=torch.nn.Parameter(values),
        scalar=torch.tensor(42),
        empty=torch.zeros(0, 3),
        base=base,
        row=base[1, 2],  # offset into a shared storage
        column=base[:, :, 1],  # strides
        transposed=base.permute(2, 0, 1),
        half_column=values.half().t(),
    )


def save(name: str, value: object, old: bool = False) -> None:
    torch.save(value, FOLDER / name, _use_new_zipfile_serialization=not old)


def values_of(tensor: torch.Tensor) -> dict[str, object]:
    kept = tensor.detach()
    numbers = [str(x) for x in kept.reshape(-1).tolist()] if kept.dtype == torch.int64 else kept.float().reshape(-1).tolist()
    return {"shape": list(kept.shape), "values": numbers}


def hugging_face_names() -> dict[str, list[list[object]]]:
    from transformers import ResNetConfig, ResNetForImageClassification

    sizes = {
        "resnet18": ("basic", [2, 2, 2, 2], [64, 128, 256, 512]),
        "resnet50": ("bottleneck", [3, 4, 6, 3], [256, 512, 1024, 2048]),
    }
    names = {}
    for name, (layer, depths, hidden) in sizes.items():
        config = ResNetConfig(layer_type=layer, depths=depths, hidden_sizes=hidden, num_labels=5)
        state = ResNetForImageClassification(config).state_dict()
        names[name] = [[key, *tensor.shape] for key, tensor in state.items()]
    return names


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    torch.manual_seed(0)
    state = tensors()
    save("tensors.pth", state)
    save("tensors-legacy.pth", state, old=True)
    (FOLDER / "tensors.json").write_text(json.dumps({name: values_of(each) for name, each in state.items()}, indent=1) + "\n")

    parallel = torch.nn.DataParallel(torch.nn.BatchNorm2d(2))
    training = {
        "epoch": 3,
        "best_accuracy": np.float64(91.73),
        "state_dict": parallel.state_dict(),
        "optimizer": torch.optim.SGD(parallel.parameters(), 0.1, momentum=0.9).state_dict(),
    }
    save("training.pth", training)
    save("training-legacy.pth", training, old=True)
    save("namespace.pth", {"args": argparse.Namespace(lr=0.1), "state_dict": parallel.state_dict()})
    save("numbers.pth", {"epoch": 3, "loss": 0.5})
    torch.save({"weight": torch.zeros(2)}, FOLDER / "protocol4.pth", pickle_protocol=4)

    contiguous = {name: each.detach().contiguous().clone() for name, each in state.items()}
    save_file(contiguous, FOLDER / "tensors.safetensors")
    first = dict(list(contiguous.items())[:5])
    rest = dict(list(contiguous.items())[5:])
    shards = {"model-00001-of-00002.safetensors": first, "model-00002-of-00002.safetensors": rest}
    for file, part in shards.items():
        save_file(part, FOLDER / file)
    weight_map = {name: file for file, part in shards.items() for name in part}
    index = {"metadata": {"total_size": sum(each.nbytes for each in contiguous.values())}, "weight_map": weight_map}
    (FOLDER / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n")

    rows = {model: [json.dumps(row) for row in names] for model, names in hugging_face_names().items()}
    parts = [f'"{model}":[\n' + ",\n".join(lines) + "\n]" for model, lines in rows.items()]
    (FOLDER / "hugging-face-names.json").write_text("{" + ",\n".join(parts) + "}\n")


main()
