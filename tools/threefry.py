"""The generator of `src/tensor/random.ts` in numpy, bit for bit: Threefry-2x32 with 20 rounds.

The fixtures store no weights and no inputs. Both sides draw them: `tensor` here, and the same formula in the tests.
"""

import math

import numpy as np

Key = tuple[int, int]

ROTATIONS = (13, 15, 26, 6, 17, 29, 16, 24)


def threefry(key: Key, c0: np.ndarray, c1: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One block for every counter `(c0[i], c1[i])`; all words are uint32 and wrap."""
    k0, k1 = np.uint32(key[0]), np.uint32(key[1])
    keys = (k0, k1, k0 ^ k1 ^ np.uint32(0x1BD11BDA))
    x0, x1 = c0 + k0, c1 + k1
    for i in range(20):
        rotation = ROTATIONS[i & 7]
        x0 = x0 + x1
        x1 = ((x1 << np.uint32(rotation)) | (x1 >> np.uint32(32 - rotation))) ^ x0
        if i & 3 == 3:
            block = (i >> 2) + 1
            x0 = x0 + keys[block % 3]
            x1 = x1 + keys[(block + 1) % 3] + np.uint32(block)
    return x0, x1


def random_key(seed: int, *names: str | int) -> Key:
    """The key of the stream that `names` name, in their order."""
    key = (seed & 0xFFFFFFFF, seed >> 32)

    def fold(word: int, second: int) -> Key:
        x0, x1 = threefry(key, np.array([word], np.uint32), np.array([second], np.uint32))
        return int(x0[0]), int(x1[0])

    for name in names:
        words = [name & 0xFFFFFFFF] if isinstance(name, int) else list(name.encode())
        key = fold(len(words), 0)
        for word in words:
            key = fold(word, 1)
    return key


def uniform(key: Key, count: int) -> np.ndarray:
    """The first `count` numbers of a stream, uniform in `[0, 1)` with 24 bits, as float64."""
    i = np.arange(count, dtype=np.uint64)
    x0, _ = threefry(key, i.astype(np.uint32), (i >> np.uint64(32)).astype(np.uint32))
    return (x0 >> np.uint32(8)) * 2.0**-24


def tensor(seed: int, name: str, shape: tuple[int, ...], scale: float, center: float = 0, step: float = 0) -> np.ndarray:
    """The float32 tensor `name`: uniform in `center ± scale`, rounded down to a multiple of `step` unless that is 0.

    Element i, in row-major order, is `fround(center + (2 · uniform(randomKey(seed, name), i) − 1) · scale)`.
    """
    values = center + (2 * uniform(random_key(seed, name), math.prod(shape)) - 1) * scale
    if step:
        values = np.floor(values / step) * step
    return values.astype(np.float32).reshape(shape)


def integers(seed: int, name: str, count: int, below: int) -> np.ndarray:
    """`count` integers in `0 … below − 1`: element i is `floor(uniform(randomKey(seed, name), i) · below)`."""
    return np.floor(uniform(random_key(seed, name), count) * below).astype(np.int64)
