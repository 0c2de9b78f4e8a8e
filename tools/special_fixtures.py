"""What PyTorch makes of NaN, infinities and -0, in every op and its gradient: `test/fixtures/special.json`.

Finite values are small multiples of a quarter, so that sums are exact in any order, and bfloat16 holds every operand.
test/fixtures/README.md has the format.
"""

from collections.abc import Callable
from itertools import count, product

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from fixture_file import FIXTURES, write_json
from threefry import integers, tensor

Tensors = dict[str, Tensor]
SPECIALS = [float("nan"), float("inf"), float("-inf"), -0.0]
seeds = count(1)


def text(value: float) -> float | str:
    """JSON has neither NaN nor infinities, and its readers may lose the sign of zero."""
    if value == 0 and np.signbit(value):
        return "-0"
    return float(value) if np.isfinite(value) else {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(float(value))]


def rows_of(value: np.ndarray) -> dict:
    return {"shape": list(value.shape), "values": [text(v) for v in value.reshape(-1)]}


def quarters(seed: int, name: str, shape: tuple[int, ...]) -> np.ndarray:
    return tensor(seed, name, shape, 2.0, 0, 0.25)


def case(op: str, name: str, attributes: dict, shapes: dict, special: list[str], compute: Callable[[Tensors], Tensors]) -> dict:
    """Draws the inputs, puts each special value into some places of the named ones, and computes."""
    seed = next(seeds)
    inputs: dict[str, np.ndarray] = {}
    for key, shape in shapes.items():
        inputs[key] = shape if isinstance(shape, np.ndarray) else quarters(seed, key, shape)
    for key in special:
        flat = inputs[key].reshape(-1)
        places = integers(seed, f"{key} places", 2 * len(SPECIALS), len(flat))
        for place, value in zip(places, SPECIALS * 2):
            flat[place] = value
    values = {key: torch.from_numpy(value.copy()) for key, value in inputs.items()}
    expected = {key: rows_of(value.detach().numpy().astype(np.float64)) for key, value in compute(values).items()}
    return {"op": op, "name": name, "attributes": attributes, "inputs": {k: rows_of(v) for k, v in inputs.items()}, "expected": expected}


def differentiated(forward: Callable[[Tensors], Tensor], names: list[str]) -> Callable[[Tensors], Tensors]:
    def compute(v: Tensors) -> Tensors:
        for name in names:
            v[name].requires_grad_()
        y = forward(v)
        grads = torch.autograd.grad(y, [v[name] for name in names], v["dy"])
        return {"y": y, **{"d" + name: g for name, g in zip(names, grads)}}

    return compute


IMAGE = (1, 17, 2, 2)


def elementwise() -> list[dict]:
    def one(op: str, name: str, attributes: dict, forward: Callable, inputs: list[str]) -> list[dict]:
        shapes = {**{key: IMAGE for key in inputs}, "dy": IMAGE}
        return [case(op, f"{name} of special {key}", attributes, shapes, [key], differentiated(forward, inputs)) for key in shapes]

    return [
        *one("relu", "relu", {}, lambda v: F.relu(v["x"]), ["x"]),
        *(
            each
            for slope in (0.25, 0.0, -0.5)
            for each in one("leakyRelu", f"slope {slope}", {"slope": slope}, lambda v, slope=slope: F.leaky_relu(v["x"], slope), ["x"])
        ),
        *one("add", "sum", {}, lambda v: v["a"] + v["b"], ["a", "b"]),
    ]


def flatten() -> list[dict]:
    shapes = {"x": IMAGE, "dy": (1, 17 * 4)}
    return [case("flatten", f"special {key}", {}, shapes, [key], differentiated(lambda v: v["x"].flatten(1), ["x"])) for key in shapes]


def pooling() -> list[dict]:
    cases = []
    image = (1, 17, 4, 3)
    for (kernel, stride, padding), key in product([(3, 2, 1), (2, 2, 0), (3, 1, 1)], ["x", "dy"]):
        ho, wo = ((s + 2 * padding - kernel) // stride + 1 for s in image[2:])

        def maximum(v: Tensors) -> Tensors:
            v["x"].requires_grad_()
            y, pixel = F.max_pool2d(v["x"], kernel, stride, padding, return_indices=True)
            row = pixel // image[3] - torch.arange(ho).view(ho, 1) * stride + padding
            column = pixel % image[3] - torch.arange(wo) * stride + padding
            (dx,) = torch.autograd.grad(y, v["x"], v["dy"])
            return {"y": y, "index": row * kernel + column, "dx": dx}

        attributes = {"kernel": kernel, "stride": stride, "padding": padding}
        shapes = {"x": image, "dy": (1, 17, ho, wo)}
        name = f"{kernel}x{kernel}, stride {stride}, padding {padding}, special {key}"
        cases.append(case("maxPool2d", name, attributes, shapes, [key], maximum))
        cases.append(
            case("avgPool2d", name, attributes, shapes, [key],
                 differentiated(lambda v: F.avg_pool2d(v["x"], kernel, stride, padding), ["x"]))
        )

    def global_maximum(v: Tensors) -> Tensors:
        v["x"].requires_grad_()
        y, pixel = F.adaptive_max_pool2d(v["x"], 1, return_indices=True)
        (dx,) = torch.autograd.grad(y, v["x"], v["dy"])
        return {"y": y, "index": pixel, "dx": dx}

    # A channel of nothing but -infinity, too; where x is special, several NaN share a window.
    for key in ("x", "dy"):
        shapes = {"x": (1, 17, 2, 3), "dy": (1, 17, 1, 1)}
        cases.append(case("adaptiveMaxPool2d", f"special {key}", {}, shapes, [key], global_maximum))
        cases.append(
            case("adaptiveAvgPool2d", f"special {key}", {}, shapes, [key],
                 differentiated(lambda v: F.adaptive_avg_pool2d(v["x"], 1), ["x"]))
        )
    crowded = quarters(99, "crowded", (1, 17, 3, 3))
    crowded[0, 0] = float("-inf")
    crowded[0, 1, 0, 1] = crowded[0, 1, 1, 2] = crowded[0, 1, 2, 0] = float("nan")
    crowded[0, 16] = float("nan")
    cases.append(case("adaptiveMaxPool2d", "several NaN, and -infinity alone", {}, {"x": crowded.copy(), "dy": (1, 17, 1, 1)}, [], global_maximum))
    image = (1, 17, 3, 3)
    kernel, stride, padding, ho, wo = 3, 1, 1, 3, 3
    cases.append(case("maxPool2d", "several NaN, and -infinity alone", {"kernel": 3, "stride": 1, "padding": 1}, {"x": crowded, "dy": (1, 17, 3, 3)}, [],
                      lambda v: several(v)))
    return cases


def several(v: Tensors) -> Tensors:
    v["x"].requires_grad_()
    y, pixel = F.max_pool2d(v["x"], 3, 1, 1, return_indices=True)
    row = pixel // 3 - torch.arange(3).view(3, 1) + 1
    column = pixel % 3 - torch.arange(3) + 1
    (dx,) = torch.autograd.grad(y, v["x"], v["dy"])
    return {"y": y, "index": row * 3 + column, "dx": dx}


def products() -> list[dict]:
    cases = []
    for key in ("x", "weight", "bias", "dy"):
        shapes = {"x": (5, 9), "weight": (18, 9), "bias": (18,), "dy": (5, 18)}
        cases.append(case("linear", f"special {key}", {}, shapes, [key], differentiated(lambda v: F.linear(v["x"], v["weight"], v["bias"]), ["x", "weight", "bias"])))
    # No padding, and no dx of special weights: PyTorch may multiply zeros by the weight, which gives NaN where it is infinite.
    for (k, stride, groups, cin, cout, size), key in product(
        [(1, 1, 1, 5, 17, 2), (3, 2, 1, 3, 17, 5), (1, 2, 1, 4, 5, 4), (3, 1, 2, 4, 6, 4), (3, 1, 6, 6, 6, 4)], ["x", "weight", "bias", "dy"]
    ):
        out = (size - k) // stride + 1
        shapes = {"x": (2, cin, size, size), "weight": (cout, cin // groups, k, k), "bias": (cout,), "dy": (2, cout, out, out)}
        name = f"{k}x{k}, stride {stride}, groups {groups}, {cin} to {cout} channels, special {key}"
        one = case("conv2d", name, {"stride": stride, "padding": 0, "groups": groups}, shapes, [key],
                   differentiated(lambda v: F.conv2d(v["x"], v["weight"], v["bias"], stride, 0, 1, groups), ["x", "weight", "bias"]))
        if key == "weight":
            del one["expected"]["dx"]
        cases.append(one)
    return cases


def batch_norm() -> list[dict]:
    cases = []
    for (statistics, activation, slope, residual), key in product(
        [("batch", "none", 0, False), ("batch", "relu", 0, True), ("batch", "leakyRelu", 0.25, False), ("running", "none", 0, False), ("running", "leakyRelu", 0.25, True)],
        # No special weights: PyTorch adds bias - mean * weight / deviation, which is NaN where both parts are infinite.
        ["x", "bias", "residual", "dy", "runningMean", "runningVariance"],
    ):
        if (key == "residual" and not residual) or (key.startswith("running") and statistics == "batch"):
            continue
        shapes = {"x": IMAGE, "weight": (17,), "bias": (17,), "runningMean": (17,), "runningVariance": np.ones(17, np.float32)}
        if residual:
            shapes["residual"] = IMAGE
        shapes["dy"] = IMAGE
        names = ["x", "weight", "bias"] + (["residual"] if residual else [])

        def compute(v: Tensors) -> Tensors:
            for name in names:
                v[name].requires_grad_()
            batch = statistics == "batch"
            y = F.batch_norm(v["x"], v["runningMean"], v["runningVariance"], v["weight"], v["bias"], batch, 0.1, 1e-5)
            y = y + v["residual"] if residual else y
            y = {"none": lambda: y, "relu": lambda: F.relu(y), "leakyRelu": lambda: F.leaky_relu(y, slope)}[activation]()
            grads = torch.autograd.grad(y, [v[name] for name in names], v["dy"])
            updated = {"newMean": v["runningMean"], "newVariance": v["runningVariance"]} if batch else {}
            return {"y": y, **{"d" + name: g for name, g in zip(names, grads)}, **updated}

        attributes = {"eps": 1e-5, "momentum": 0.1, "statistics": statistics, "activation": activation, "slope": slope}
        name = f"{statistics} statistics, {activation}{', residual' if residual else ''}, special {key}"
        cases.append(case("batchNorm2d", name, attributes, shapes, [key], compute))
    return cases


def cross_entropy() -> list[dict]:
    nan, inf = float("nan"), float("inf")
    rows = [
        ([-1e30, -1e30, -1e30], 1), ([1e30, 1e30, 1e30], 0), ([1e30, -1e30, 0], 0), ([1e30, -1e30, 0], 1), ([5e37, -5e37, 0], 2),
        ([1.0, -inf, 2.0], 0), ([1.0, -inf, 2.0], 1), ([0.0, inf, 1.0], 0), ([0.0, inf, 1.0], 1), ([-inf, -inf, -inf], 2),
        ([nan, 0.0, 1.0], 2), ([0.0, nan, 5.0], 2), ([0.0, nan, nan], 1), ([0.0, 1.0, nan], 1), ([-0.0, 0.0, 0.0], 0), ([104.0, 0.0, -104.0], 2),
    ]
    cases = []
    for (logits, label), smoothing, weights in product(rows, (0.0, 0.25, 1.0), (None, [1.0, 0.0, 2.0])):

        def compute(v: Tensors) -> Tensors:
            x = v["logits"].requires_grad_()
            loss = F.cross_entropy(x, v["labels"], weight=None if weights is None else torch.tensor(weights), label_smoothing=smoothing)
            (dlogits,) = torch.autograd.grad(loss, x, v["dloss"])
            return {"loss": loss, "correct": (np.argmax(x.detach().numpy(), 1) == label).sum() + torch.zeros(()), "dlogits": dlogits}

        attributes = {"smoothing": smoothing, **({"classWeights": weights} if weights else {})}
        inputs = {"logits": np.array([logits], np.float32), "labels": np.array([label], np.int64), "dloss": np.array(1.0, np.float32)}
        name = f"{logits} of class {label}, smoothing {smoothing}{', weighted' if weights else ''}"
        cases.append(case("softmaxCrossEntropy", name, attributes, inputs, [], compute))
    return cases


def lerp() -> list[dict]:
    def compute(v: Tensors) -> Tensors:
        return {"y": torch.lerp(v["start"], v["end"], v["weight"])}

    return [
        case("lerp", f"weight {weight}, special {key}", {}, {"start": (4, 9), "end": (4, 9), "weight": np.array(weight, np.float32)}, [key], compute)
        for weight, key in product((0.0, 0.25, 0.75, 1.0), ("start", "end"))
    ]




if __name__ == "__main__":
    cases = [*elementwise(), *flatten(), *pooling(), *products(), *batch_norm(), *cross_entropy(), *lerp()]
    write_json(FIXTURES / "special.json", {"torch": torch.__version__}, "cases", cases)
