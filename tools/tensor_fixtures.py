"""Values and gradients of functions of tensors of any rank, from PyTorch in float32: `test/fixtures/tensors.json`.

`call` names the function of `src/functional/`, `options` what it takes besides tensors. Inputs are in the user's order of axes; those that
hold NaN, infinities or -0 are listed, the others drawn. test/fixtures/README.md has the format.
"""

from collections.abc import Callable
from itertools import count

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from fixture_file import FIXTURES, deviation, write_json
from special_fixtures import rows_of
from threefry import tensor

Spec = dict[str, object]
seeds = count(1)
SPECIAL = np.array([np.nan, np.inf, -np.inf, -0.0, 0.0, 1.0, -1.0, 3.0, -3.0, 6.0, 0.5, -2.5, 100.0, -100.0], np.float32)


def uniform(*shape: int, scale: float = 1.0, center: float = 0, step: float = 0) -> Spec:
    return {"shape": list(shape), "scale": scale, "center": center, "step": step}


def listed(values: np.ndarray) -> Spec:
    return rows_of(values)


def array(seed: int, name: str, spec: Spec) -> np.ndarray:
    if "values" in spec:
        values = [{"NaN": np.nan, "Infinity": np.inf, "-Infinity": -np.inf, "-0": -0.0}.get(v, v) for v in spec["values"]]
        return np.array(values, np.float32).reshape(spec["shape"])
    return tensor(seed, name, tuple(spec["shape"]), spec["scale"], spec["center"], spec["step"])


def case(call: str, options: dict, inputs: dict[str, Spec], compute: Callable[..., Tensor], name: str = "", differentiable: bool = True) -> dict:
    """y, and the gradient of every input under a drawn dy."""
    seed = next(seeds)
    arrays = {key: torch.from_numpy(array(seed, key, spec)) for key, spec in inputs.items()}

    def run(dtype: torch.dtype) -> dict[str, Tensor]:
        leaves = [value.to(dtype).clone().requires_grad_(differentiable) for value in arrays.values()]
        y = compute(*leaves)
        if not differentiable:
            return {"y": y}
        dy = torch.from_numpy(tensor(seed, "dy", tuple(y.shape), 1)).to(dtype)
        gradients = torch.autograd.grad(y, leaves, dy, allow_unused=True)
        return {"y": y, **{"d" + key: g for key, g in zip(inputs, gradients) if g is not None}}

    single, double = run(torch.float32), run(torch.float64)

    def row(key: str) -> dict:
        finite = torch.isfinite(single[key]) & torch.isfinite(double[key])
        zero = torch.zeros((), dtype=torch.float64)
        apart = deviation(torch.where(finite, single[key].double(), zero), torch.where(finite, double[key], zero)) if finite.any() else 0.0
        return {**rows_of(single[key].detach().numpy()), "deviation": apart}

    shapes = " and ".join(str(list(value.shape)) for value in arrays.values())
    title = f"{call} of {name or shapes}" + (f", {options}" if options else "")
    return {"name": title.replace('"', "'"), "call": call, "options": options, "seed": seed, "inputs": inputs, "expected": {k: row(k) for k in single}}


UNARY: dict[str, Callable[[Tensor], Tensor]] = {
    "neg": torch.neg, "abs": torch.abs, "sign": torch.sign, "square": torch.square, "reciprocal": torch.reciprocal, "sqrt": torch.sqrt,
    "rsqrt": torch.rsqrt, "exp": torch.exp, "expm1": torch.expm1, "log": torch.log, "log1p": torch.log1p, "sin": torch.sin, "cos": torch.cos,
    "erf": torch.erf, "sigmoid": torch.sigmoid, "tanh": torch.tanh, "silu": F.silu, "hardSigmoid": F.hardsigmoid, "hardSwish": F.hardswish,
    "relu6": F.relu6,
}
POSITIVE = {"sqrt", "rsqrt", "log", "log1p", "reciprocal"}


def unary() -> list[dict]:
    cases = []

    def both(call: str, options: dict, compute: Callable[[Tensor], Tensor]) -> None:
        drawn = uniform(3, 7, scale=1.9, center=2) if call in POSITIVE else uniform(3, 7, scale=7, step=0.25)
        cases.append(case(call, options, {"a": drawn}, compute))
        cases.append(case(call, options, {"a": listed(SPECIAL)}, compute, "special values"))

    for call, compute in UNARY.items():
        both(call, {}, compute)
    both("gelu", {}, F.gelu)
    both("gelu", {"approximate": "tanh"}, lambda x: F.gelu(x, approximate="tanh"))
    both("softplus", {}, F.softplus)
    both("softplus", {"beta": 2, "threshold": 3}, lambda x: F.softplus(x, 2, 3))
    both("clamp", {"min": -1, "max": 3}, lambda x: torch.clamp(x, -1, 3))
    both("clamp", {"min": 0}, lambda x: torch.clamp(x, min=0))
    both("clamp", {"max": 0.5}, lambda x: torch.clamp(x, max=0.5))
    return cases


BINARY: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "pow": torch.pow, "maximum": torch.maximum, "minimum": torch.minimum,
}
COMPARISONS = {
    "equal": torch.eq, "notEqual": torch.ne, "less": torch.lt, "lessEqual": torch.le, "greater": torch.gt, "greaterEqual": torch.ge,
}
PAIRS = [((), ()), ((3, 5), (5,)), ((5,), (3, 1)), ((2, 3, 2, 5), (3, 1, 1)), ((2, 3, 2, 5), (1, 1, 2, 5)), ((2, 1, 3), (4, 1))]


def binary() -> list[dict]:
    grid = np.array([(a, b) for a in SPECIAL for b in SPECIAL], np.float32)
    special = {"a": listed(grid[:, 0].copy()), "b": listed(grid[:, 1].copy())}
    cases = []
    for call, compute in BINARY.items():
        for a, b in PAIRS:
            spec = dict(center=1.5) if call in ("pow", "div") else dict(step=0.25)  # powers of positive numbers; elsewhere ties
            cases.append(case(call, {}, {"a": uniform(*a, **spec), "b": uniform(*b, **spec)}, compute))
        cases.append(case(call, {}, special, compute, "special values"))
        for number in (2.0, 0.0, -1.0, 0.5):
            cases.append(case(call, {"b": number}, {"a": listed(SPECIAL)}, lambda a: compute(a, torch.tensor(number, dtype=a.dtype) if call in ("maximum", "minimum") else number), "special values"))
        cases.append(case(call, {"a": 2.0}, {"b": listed(SPECIAL)}, lambda b: compute(torch.tensor(2.0, dtype=b.dtype), b), "special values"))
    for call, compute in COMPARISONS.items():
        cases.append(case(call, {}, special, lambda a, b: compute(a, b).to(a.dtype), "special values", differentiable=False))
    for a, b in PAIRS:
        inputs = {"a": uniform(*a, step=1, center=0.5), "b": uniform(*b), "c": uniform(*a)}
        cases.append(case("where", {}, inputs, lambda condition, x, y: torch.where(condition != 0, x, y)))
    return cases


REDUCTIONS = {"sum": torch.sum, "mean": torch.mean, "max": torch.amax, "min": torch.amin}


def reductions() -> list[dict]:
    cases = []
    choices = [((5,), [0], False), ((3, 4), [1], False), ((3, 4), [0], True), ((2, 3, 2, 5), [1], False), ((2, 3, 2, 5), [0, 2, 3], True), ((2, 3, 2, 5), [-1, 1], False)]
    for call, compute in REDUCTIONS.items():
        for shape, axes, keep in choices:
            x = {"a": uniform(*shape, step=0.25)}
            cases.append(case(call, {"axes": axes, "keepDims": keep}, x, lambda a: compute(a, dim=axes, keepdim=keep)))
        cases.append(case(call, {"axes": [1]}, {"a": listed(SPECIAL.reshape(7, 2))}, lambda a: compute(a, dim=[1]), "special values"))
    for shape, axes, correction in [((3, 4), [1], 1), ((2, 3, 2, 5), [0, 2, 3], 0)]:
        cases.append(case("variance", {"axes": axes, "correction": correction}, {"a": uniform(*shape)}, lambda a: torch.var(a, dim=axes, correction=correction)))
    for call, compute in {"softmax": F.softmax, "logSoftmax": F.log_softmax}.items():
        for shape, axis in [((5,), 0), ((3, 4), -1), ((3, 4), 0), ((2, 3, 2, 5), 1)]:
            cases.append(case(call, {"axis": axis}, {"a": uniform(*shape, scale=5)}, lambda a: compute(a, dim=axis)))
        rows = np.array([[np.nan, 0, 1], [np.inf, 0, 1], [-np.inf, 0, 1], [-np.inf, -np.inf, -np.inf], [1e30, -1e30, 0], [100, 0, -100]], np.float32)
        cases.append(case(call, {"axis": 1}, {"a": listed(rows)}, lambda a: compute(a, dim=1), "special values"))
    nans = np.array([[0, 1, 1], [2, np.nan, np.nan], [-np.inf, -np.inf, -np.inf], [3, 2, 3]], np.float32)
    # numpy's argmax is the first of several equal ones, torch's is any
    cases.append(case("argmax", {"axis": 1}, {"a": listed(nans)}, lambda a: torch.from_numpy(np.argmax(a.numpy(), 1)), "special values", differentiable=False))
    return cases


def shapes() -> list[dict]:
    image = uniform(2, 3, 4, 5)
    return [
        case("reshape", {"shape": [4, -1]}, {"a": uniform(2, 3, 2)}, lambda a: a.reshape(4, -1)),
        case("reshape", {"shape": [6, 20]}, {"a": image}, lambda a: a.reshape(6, 20)),
        case("permute", {"axes": [2, 0, 1]}, {"a": uniform(2, 3, 4)}, lambda a: a.permute(2, 0, 1)),
        case("permute", {"axes": [0, 2, 3, 1]}, {"a": image}, lambda a: a.permute(0, 2, 3, 1)),
        case("transpose", {}, {"a": uniform(3, 4)}, lambda a: a.mT),
        case("transpose", {}, {"a": image}, lambda a: a.mT),
        case("unsqueeze", {"axis": -1}, {"a": uniform(3, 4)}, lambda a: a.unsqueeze(-1)),
        case("squeeze", {"axis": 1}, {"a": uniform(3, 1, 4)}, lambda a: a.squeeze(1)),
        case("broadcastTo", {"shape": [2, 3, 4]}, {"a": uniform(3, 1)}, lambda a: a.expand(2, 3, 4)),
        case("concat", {"axis": 1}, {"a": image, "b": uniform(2, 1, 4, 5), "c": uniform(2, 2, 4, 5)}, lambda *all: torch.cat(all, 1)),
        case("concat", {"axis": -1}, {"a": uniform(3, 2), "b": uniform(3, 4)}, lambda *all: torch.cat(all, -1)),
        case("concat", {"axis": 0}, {chr(97 + i): uniform(1 + i % 2, 3) for i in range(10)}, lambda *all: torch.cat(all, 0), "ten tensors"),
        case("stack", {"axis": 1}, {"a": uniform(3, 2), "b": uniform(3, 2)}, lambda *all: torch.stack(all, 1)),
        case("slice", {"axis": 1, "start": 1}, {"a": image}, lambda a: a[:, 1:]),
        case("slice", {"axis": -1, "start": -4, "end": -1, "step": 2}, {"a": image}, lambda a: a[..., -4:-1:2]),
        case("flip", {"axis": 0}, {"a": uniform(5, 2)}, lambda a: a.flip(0)),
        case("pad", {"widths": [[1, 0], [0, 2]], "value": 0.5}, {"a": uniform(2, 3)}, lambda a: F.pad(a, (0, 2, 1, 0), value=0.5)),
        case("pad", {"widths": [[0, 0], [0, 0], [1, 2], [3, 0]]}, {"a": image}, lambda a: F.pad(a, (3, 0, 1, 2))),
    ]


def products() -> list[dict]:
    sizes = [((3, 4), (4, 5)), ((1, 1), (1, 1)), ((2, 3, 4), (4, 5)), ((4,), (4, 3)), ((3, 4), (4,)), ((2, 1, 3, 4), (2, 4, 5)), ((7, 33), (33, 2)), ((6, 5, 4), (6, 4, 5))]
    return [case("matmul", {}, {"a": uniform(*a), "b": uniform(*b)}, torch.matmul) for a, b in sizes]


def norms() -> list[dict]:
    def layer(shape: tuple[int, ...], normalized: tuple[int, ...], affine: bool) -> dict:
        inputs = {"a": uniform(*shape, scale=2, center=0.5)}
        if affine:
            inputs |= {"weight": uniform(*normalized), "bias": uniform(*normalized)}
        return case("layerNorm", {"normalizedShape": list(normalized), "eps": 1e-5}, inputs, lambda a, *wb: F.layer_norm(a, normalized, *wb, eps=1e-5))

    def group(shape: tuple[int, ...], groups: int, affine: bool) -> dict:
        inputs = {"a": uniform(*shape, scale=2, center=0.5)}
        if affine:
            inputs |= {"weight": uniform(shape[1]), "bias": uniform(shape[1])}
        return case("groupNorm", {"groups": groups, "eps": 1e-3}, inputs, lambda a, *wb: F.group_norm(a, groups, *wb, eps=1e-3))

    return [
        layer((4, 7), (7,), True), layer((2, 3, 5), (3, 5), True), layer((2, 3, 5), (5,), False), layer((2, 3, 4, 5), (3, 4, 5), True),
        group((2, 6), 3, True), group((2, 6, 4, 3), 2, True), group((3, 4, 5), 4, False), group((2, 6, 4, 3), 1, True),
    ]


def images() -> list[dict]:
    image = uniform(2, 2, 7, 6)

    def conv(options: dict, kernel: tuple[int, int], groups: int = 1, bias: bool = True) -> dict:
        inputs = {"a": image, "weight": uniform(4, 2 // groups, *kernel)} | ({"bias": uniform(4)} if bias else {})
        torch_options = {k: tuple(v) if isinstance(v, list) else v for k, v in options.items()}
        return case("conv2d", options, inputs, lambda a, w, b=None: F.conv2d(a, w, b, **torch_options))

    def transposed(options: dict, kernel: tuple[int, int], groups: int = 1) -> dict:
        names = {"outputPadding": "output_padding"}
        torch_options = {names.get(k, k): tuple(v) if isinstance(v, list) else v for k, v in options.items()}
        inputs = {"a": uniform(2, 2, 3, 4), "weight": uniform(2, 4 // groups, *kernel), "bias": uniform(4)}
        return case("convTranspose2d", options, inputs, lambda a, w, b: F.conv_transpose2d(a, w, b, **torch_options))

    def pool(call: str, options: dict, step: float = 0) -> dict:
        names = {"kernel": "kernel_size", "ceilMode": "ceil_mode", "countIncludePad": "count_include_pad"}
        torch_options = {names.get(k, k): tuple(v) if isinstance(v, list) else v for k, v in options.items()}
        compute = {"maxPool2d": F.max_pool2d, "avgPool2d": F.avg_pool2d}[call]
        return case(call, options, {"a": uniform(2, 2, 7, 6, step=step)}, lambda a: compute(a, **torch_options))

    def up(options: dict) -> dict:
        names = {"scale": "scale_factor", "alignCorners": "align_corners"}
        torch_options = {names.get(k, k): tuple(v) if isinstance(v, list) else v for k, v in options.items()}
        return case("upsample", options, {"a": uniform(2, 3, 3, 4)}, lambda a: F.interpolate(a, **torch_options))

    cases = [
        conv({"stride": 2, "padding": 1}, (3, 3)), conv({"padding": 1}, (3, 2)), conv({"stride": [2, 1], "padding": [1, 0]}, (3, 1)),
        conv({"stride": [2, 4]}, (2, 3)), conv({"dilation": 2, "padding": 2}, (3, 3), bias=False), conv({"dilation": [1, 2], "stride": [3, 2]}, (2, 2)),
        conv({"padding": "same"}, (3, 2)), conv({"padding": "same", "dilation": [2, 1]}, (4, 3)), conv({"groups": 2, "padding": [0, 2]}, (1, 3), groups=2),
        transposed({}, (2, 3)), transposed({"stride": 2, "padding": 1, "outputPadding": 1}, (3, 3)), transposed({"stride": [2, 3], "padding": [0, 1]}, (2, 3)),
        transposed({"dilation": 2, "groups": 2}, (2, 2), groups=2), transposed({"stride": 2, "padding": [1, 0], "outputPadding": [0, 1]}, (3, 2)),
    ]
    for step in (0, 0.5):
        cases += [
            pool("maxPool2d", {"kernel": 3, "stride": 2, "padding": 1}, step), pool("maxPool2d", {"kernel": [2, 3]}, step),
            pool("maxPool2d", {"kernel": [3, 2], "stride": [2, 1], "padding": [1, 0]}, step), pool("maxPool2d", {"kernel": 2, "stride": 2, "ceilMode": True}, step),
            pool("maxPool2d", {"kernel": 3, "stride": 4, "padding": 1, "ceilMode": True}, step),
        ]
    specials = np.tile(SPECIAL, 3).astype(np.float32).reshape(1, 1, 6, 7)
    cases.append(case("maxPool2d", {"kernel": [2, 3]}, {"a": listed(specials)}, lambda a: F.max_pool2d(a, (2, 3)), "special values"))
    cases += [
        pool("avgPool2d", {"kernel": 2}), pool("avgPool2d", {"kernel": [2, 3], "stride": [1, 2], "padding": [1, 0]}),
        pool("avgPool2d", {"kernel": 3, "stride": 2, "padding": 1, "countIncludePad": False}),
        pool("avgPool2d", {"kernel": 3, "stride": 2, "padding": 1, "ceilMode": True}), pool("avgPool2d", {"kernel": [4, 2], "stride": 3, "padding": [2, 1], "ceilMode": True}),
        pool("avgPool2d", {"kernel": 2, "stride": 3, "ceilMode": True, "countIncludePad": False}),
        pool("avgPool2d", {"kernel": 8, "ceilMode": True, "countIncludePad": False}),
    ]
    for size in ([1, 1], [3, 4], [7, 2], [9, 6]):
        cases.append(case("adaptiveAvgPool2d", {"size": size}, {"a": uniform(2, 2, 7, 6)}, lambda a: F.adaptive_avg_pool2d(a, tuple(size))))
    cases += [
        up({"scale": 2}), up({"size": [5, 3]}), up({"scale": [1.5, 3]}), up({"size": [6, 8], "mode": "bilinear"}),
        up({"scale": 1.7, "mode": "bilinear"}), up({"size": [5, 7], "mode": "bilinear", "alignCorners": True}), up({"size": [1, 2], "mode": "bilinear", "alignCorners": True}),
    ]
    return cases


if __name__ == "__main__":
    torch.set_num_threads(1)
    cases = [*unary(), *binary(), *reductions(), *shapes(), *products(), *norms(), *images()]
    write_json(FIXTURES / "tensors.json", {"torch": torch.__version__}, "cases", cases)
    print(f"{len(cases)} cases")
