"""How fixtures are written: compact JSON, float32 in the shortest decimal that reads back as the same float32."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

FIXTURES = Path(__file__).parent.parent / "test" / "fixtures"


def encode(value: object) -> str:
    """JSON without spaces. Arrays become flat lists in row-major order."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{encode(key)}:{encode(item)}" for key, item in value.items()) + "}"
    if isinstance(value, np.ndarray):
        return "[" + ",".join(encode(item) for item in value.reshape(-1)) + "]"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(encode(item) for item in value) + "]"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (int, np.integer)):
        return str(value)
    assert isinstance(value, (float, np.floating)) and np.isfinite(value), value
    text = str(value).removesuffix(".0")
    assert type(value)(text) == value and (isinstance(value, float) or np.float32(float(text)) == value)
    return text


def write_json(path: Path, header: dict[str, object], name: str, rows: Sequence[object]) -> None:
    """One object: the header's fields, then the list `name` with one row a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fields = [f"{encode(key)}:{encode(value)}" for key, value in header.items()]
    lines = ",\n".join(encode(row) for row in rows)
    path.write_text("{" + ",\n".join([*fields, f'"{name}":[\n{lines}\n]']) + "}\n")


def significant(value: float) -> float:
    """Rounded up to two significant digits: enough for a deviation."""
    if value == 0:
        return 0.0
    unit = 10.0 ** (np.floor(np.log10(value)) - 1)
    return float(f"{np.ceil(value / unit) * unit:.2g}")


def deviation(single: torch.Tensor, double: torch.Tensor) -> float:
    """The largest difference between the float32 and the float64 result, in units of the largest magnitude."""
    difference = (single.double() - double).abs().max().item()
    return significant(difference / double.abs().max().item()) if difference else 0.0
