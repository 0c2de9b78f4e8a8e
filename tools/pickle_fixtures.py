"""Writes test/fixtures/pickles.json: small pickles of every protocol, as base64. Needs numpy."""

import base64
import io
import json
import pickle
import struct
from typing import Any

import numpy as np

from fixture_file import FIXTURES

PLAIN: dict[Any, Any] = {
    "none": None,
    "truth": [True, False],
    "integers": [0, 255, 256, 65535, 65536, -1, -(2**31), 2**31, 2**53 - 1, 2**53, -(2**63), 2**64, 10**30],
    "floats": [0.5, -0.0, 1e300, float("inf"), float("-inf")],
    "text": ["", "plain", "größer", "snow \u2603, face \U0001f600", "line\nbreak \\ 'quotes\"", "long " * 60],
    "bytes": [b"", b"\x00\xff\n", bytes(range(256)), bytes(300)],
    "tuples": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)],
    7: {"nested": {"deep": []}},
}
PLAIN["shared"] = PLAIN["tuples"]

ARRAYS = {
    name: np.arange(6).reshape(2, 3).astype(name)
    for name in ["u1", "i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8", "<f4", "<f8", ">i4", ">f8"]
} | {"scalar": np.float64(91.73), "whole": np.int64(5), "b1": np.array([True, False])}


class Python2Pickler(pickle._Pickler):  # type: ignore[name-defined]
    """Writes str as Python 2 wrote its own: as bytes that say nothing of their encoding."""

    dispatch = dict(pickle._Pickler.dispatch)  # type: ignore[attr-defined]

    def save_string(self, value: str | bytes) -> None:
        data = value.encode() if isinstance(value, str) else value
        short = len(data) < 256
        self.write((b"U" + bytes([len(data)]) if short else b"T" + struct.pack("<i", len(data))) + data)
        self.memoize(value)

    dispatch[str] = save_string
    dispatch[bytes] = save_string


def python2(value: object) -> bytes:
    out = io.BytesIO()
    Python2Pickler(out, protocol=2).dump(value)
    return out.getvalue().replace(b"numpy._core", b"numpy.core")


class Reduces:
    """Pickles to a call of `function`."""

    def __init__(self, function: object, *args: object) -> None:
        self.call = (function, args)

    def __reduce__(self) -> Any:
        return self.call


# Rows of a data set as CIFAR's archives hold them.
BATCH = {
    "batch_label": "testing batch 1 of 1",
    "labels": [3, 8],
    "data": np.arange(2 * 300, dtype=np.uint8).reshape(2, 300),
    "filenames": ["domestic_cat_s_000907.png", "hydrofoil_s_000078.png"],
}


def main() -> None:
    import os

    hostile = {
        "os.system": Reduces(os.system, "touch hacked"),
        "builtins.eval": Reduces(eval, "1"),
        "os.open": Reduces(os.open, "a", 0),
    }
    cases = {
        "plain": {str(protocol): pickle.dumps(PLAIN, protocol) for protocol in range(6)},
        "arrays": {str(protocol): pickle.dumps(ARRAYS, protocol) for protocol in range(6)},
        "python2": {"batch": python2(BATCH), "text": b"(dp1\nS'a\\n\\'b\\x41\\\\'\np2\nI01\nsS\"c\"\nL42L\nsS'd'\nF-1.5e3\ns."},
        "hostile": {name: pickle.dumps(value, 2) for name, value in hostile.items()},
        "hostile4": {name: pickle.dumps(value, 4) for name, value in hostile.items()},
    }
    encoded = {
        group: {name: base64.b64encode(data).decode() for name, data in files.items()} for group, files in cases.items()
    }
    (FIXTURES / "pickles.json").write_text(json.dumps(encoded, indent=1) + "\n")


main()
