"""
Writes test/fixtures/cifar/: small files in CIFAR's Python form, byte for byte of the kind that the authors published in 2009,
with Python 2 and protocol 2: text and bytes alike as BINSTRING, arrays by numpy.core.multiarray._reconstruct.

    /path/to/python tools/cifar_fixtures.py

Made with Python 3.11 and NumPy 2.4. The array of `train` is in Fortran's order. Image i of a file has the bytes (7 * i + 3 * k) mod 256 for k = 0 ... 3071.
"""

import io
import pathlib
import pickle

import numpy as np

FOLDER = pathlib.Path(__file__).parent.parent / "test" / "fixtures" / "cifar"


class Python2Pickler(pickle._Pickler):
    """Python 3's pickler in Python, with text, bytes and names written as Python 2 did."""

    dispatch = dict(pickle._Pickler.dispatch)

    def save_string(self, text):
        data = text.encode("latin1") if isinstance(text, str) else text
        if len(data) < 256:
            self.write(b"U" + bytes([len(data)]) + data)
        else:
            self.write(b"T" + len(data).to_bytes(4, "little") + data)
        self.memoize(text)

    dispatch[str] = save_string
    dispatch[bytes] = save_string

    def save_global(self, obj, name=None):
        module = obj.__module__.replace("numpy._core", "numpy.core")
        self.write(b"c" + f"{module}\n{name or obj.__qualname__}\n".encode())
        self.memoize(obj)

    dispatch[type] = save_global
    dispatch[type(lambda: 0)] = save_global
    dispatch[type(len)] = save_global


def images(rows):
    row, k = np.indices((rows, 3072))
    return ((7 * row + 3 * k) % 256).astype(np.uint8)


def write(name, value):
    file = io.BytesIO()
    Python2Pickler(file, protocol=2).dump(value)
    data = file.getvalue()
    assert set(pickle.loads(data, encoding="latin1")) == set(value)
    (FOLDER / name).write_bytes(data)


FOLDER.mkdir(parents=True, exist_ok=True)
write(
    "data_batch",
    {
        "batch_label": "training batch 1 of 5",
        "labels": [6, 9, 0],
        "data": images(3),
        "filenames": ["leptodactylus_s_000004.png", "camion_s_000148.png", "plane_s_1.png"],
    },
)
write(
    "train",
    {
        "filenames": ["bos_taurus_s_000507.png", "stegosaurus_s_000125.png"],
        "batch_label": "training batch 1 of 1",
        "fine_labels": [19, 99],
        "coarse_labels": [11, 15],
        "data": np.asfortranarray(images(2)),
    },
)
