"""Writes test/fixtures/torch/: checkpoints that hold more than tensors, and the tar archives of PyTorch 0.1.

Needs torch and numpy. Ran with torch 2.13.0. In `-legacy` files, the keys of storages are addresses, which differ
from run to run.
"""

import argparse
import collections
import datetime
import functools
import io
import pathlib
import pickle
import struct
import tarfile
from typing import Any

import numpy as np
import torch

from fixture_file import FIXTURES

FOLDER = FIXTURES / "torch"


class Settings:
    """A class of the training program."""

    def __init__(self) -> None:
        self.rate = 0.1


class Names(list):  # type: ignore[type-arg]
    """A list, whose items a pickle appends to an object."""


class Options(dict):  # type: ignore[type-arg]
    """A dict, whose entries a pickle sets in an object."""


def weights() -> "collections.OrderedDict[str, torch.Tensor]":
    return collections.OrderedDict(
        weight=torch.tensor([1.0, -2.5]), bias=torch.nn.Parameter(torch.tensor([0.5, 4.0]))
    )


def allowed() -> dict[str, Any]:
    """What `torch.load(weights_only=True)` reads beside tensors."""
    parameters = [torch.nn.Parameter(torch.zeros(2))]
    optimizer = torch.optim.SGD(parameters, 0.1)
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [30, 30, 60])
    with_attribute = torch.ones(2)
    with_attribute.note = "an attribute of its own"  # type: ignore[attr-defined]
    return {
        "lr_scheduler": schedule.state_dict(),  # milestones are a Counter
        "device": torch.device("cpu"),
        "dtype": torch.float16,
        "size": torch.Size([1, 2]),
        "set": {1, 2},
        "complex": 1 + 2j,
        "bytearray": bytearray(b"abc"),
        "random": torch.arange(4, dtype=torch.uint8),
        "attribute": with_attribute,
        "complex_tensor": torch.tensor([1 + 2j]),
        "sparse": torch.eye(2).to_sparse(),
        "state_dict": weights(),
    }


def foreign() -> dict[str, Any]:
    """Objects whose classes a reader cannot know, or need not."""
    return {
        "args": argparse.Namespace(lr=0.1, names=["a", "b"]),
        "settings": Settings(),
        "names": Names("ab"),
        "options": Options(a=1),
        "path": pathlib.PurePosixPath("/data/train"),
        "partial": functools.partial(int, base=2),
        "date": datetime.datetime(2026, 1, 1),
        "objects": np.array(["a", None], dtype=object),
        "half": np.float16(0.5),
        "default": collections.defaultdict(list, a=[1]),
        "ordered": collections.deque([1, 2]),
        "state_dict": weights(),
    }


class OldParameter:
    """Pickles as a parameter of PyTorch 0.1 did: with a state."""

    def __init__(self, tensor: torch.Tensor) -> None:
        self.tensor = tensor

    def __reduce__(self) -> Any:
        return torch.nn.Parameter, (self.tensor,), (True, False, collections.OrderedDict())


def tar_archive(value: object, tensors: dict[int, torch.Tensor], viewed: torch.Tensor) -> bytes:
    """The container of PyTorch 0.1: `storages`, `tensors` and `pickle` in a tar archive.

    `value` refers to the tensors through their keys; `viewed` stands for one on a view of the last storage.
    """
    def dump(each: object) -> bytes:
        return pickle.dumps(each, protocol=2)

    storages, described, roots = b"", b"", {}
    for key, tensor in tensors.items():
        storage = tensor.untyped_storage()
        root = roots.setdefault(storage.data_ptr(), 1000 + key)
        described += dump((key, root, torch.FloatTensor))
        described += struct.pack("<i4x", tensor.dim())
        for numbers in (tensor.shape, tensor.stride(), (tensor.storage_offset(),)):
            described += struct.pack(f"<{len(numbers)}q", *numbers)
        if root == 1000 + key:
            numbers = torch.tensor(storage, dtype=torch.uint8).numpy().tobytes()
            storages += dump((root, "cpu", torch.FloatStorage)) + struct.pack("<q", len(numbers) // 4) + numbers
    # A view of the last storage, from its second element on, with a tensor of one element.
    views = dump([(2000, root, 1, 1)])
    described += dump((5, 2000, torch.FloatTensor)) + struct.pack("<i4x3q", 1, 1, 1, 0)
    tensors = {**tensors, 5: viewed}
    file = io.BytesIO()

    class Pickler(pickle.Pickler):
        def persistent_id(self, each: Any) -> Any:
            return next((key for key, tensor in tensors.items() if tensor is each), None)

    Pickler(file, protocol=2).dump(value)
    members = {
        "storages": dump(len(roots)) + storages + views,
        "tensors": dump(len(tensors)) + described,
        "pickle": file.getvalue(),
    }
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:", format=tarfile.PAX_FORMAT) as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), 0.5  # fractions make a pax header
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def main() -> None:
    torch.save(allowed(), FOLDER / "allowed.pth")
    torch.load(FOLDER / "allowed.pth", weights_only=True)
    torch.save(foreign(), FOLDER / "foreign.pth")
    torch.save(foreign(), FOLDER / "foreign4.pth", pickle_protocol=4)
    torch.save(foreign(), FOLDER / "foreign-legacy.pth", _use_new_zipfile_serialization=False)
    torch.save(torch.nn.BatchNorm2d(2), FOLDER / "model.pth")
    torch.save(torch.nn.BatchNorm2d(2), FOLDER / "model-legacy.pth", _use_new_zipfile_serialization=False)

    base = torch.arange(24.0).reshape(2, 3, 4)
    viewed = torch.tensor([-8.0])
    tensors = {1: base, 2: base[1, 2], 3: base.permute(2, 0, 1), 4: torch.tensor([0.25, -8.0])}
    state = collections.OrderedDict(base=tensors[1], row=tensors[2], transposed=tensors[3], other=tensors[4], viewed=viewed)
    saved = collections.OrderedDict(state, row=OldParameter(tensors[2]))
    (FOLDER / "tensors-tar.pth").write_bytes(tar_archive(saved, tensors, viewed))
    loaded = torch.load(FOLDER / "tensors-tar.pth", weights_only=False)
    assert all(torch.equal(loaded[name], tensor) for name, tensor in state.items())


main()
