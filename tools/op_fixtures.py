"""Values and gradients of every op, from PyTorch in float32: `test/fixtures/ops/<op>.json`.

Attributes are named as in `docs/instructions.md`; tensors are in PyTorch's order. test/fixtures/README.md has the format.
"""

from collections.abc import Callable
from itertools import count

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from fixture_file import FIXTURES, deviation, write_json
from threefry import integers, tensor

Spec = dict[str, object]  # how an input is drawn: shape with scale (center, step), or shape with below for integers
Tensors = dict[str, Tensor]
Forward = Callable[[Tensors], Tensor]

seeds = count(1)


def draw(seed: int, name: str, spec: Spec) -> np.ndarray:
    if "below" in spec:
        return integers(seed, name, spec["shape"][0], spec["below"])
    return tensor(seed, name, tuple(spec["shape"]), spec["scale"], spec.get("center", 0), spec.get("step", 0))


def uniform(*shape: int, scale: float = 1.0, **rest: float) -> Spec:
    return {"shape": list(shape), "scale": scale, **rest}


def case(name: str, attributes: dict[str, object], inputs: dict[str, Spec], compute: Callable[[Tensors], Tensors]) -> dict:
    """Draws the inputs, and computes the outputs in float32 and again in float64 for the deviation."""
    seed = next(seeds)
    arrays = {key: torch.from_numpy(draw(seed, key, spec)) for key, spec in inputs.items()}
    single = compute({key: value.clone() for key, value in arrays.items()})
    double = compute({key: value.double() if value.is_floating_point() else value for key, value in arrays.items()})
    expected = {
        key: {"shape": list(value.shape), "values": value.detach().numpy(), "deviation": deviation(value, double[key])}
        for key, value in single.items()
    }
    return {"name": name, "seed": seed, "attributes": attributes, "inputs": inputs, "expected": expected}


def gradients(y: Tensor, inputs: Tensors, names: list[str], dy: str = "dy") -> Tensors:
    """The gradient of each named input, under the upstream gradient `inputs[dy]`."""
    return {"d" + name: g for name, g in zip(names, torch.autograd.grad(y, [inputs[n] for n in names], inputs[dy]))}


def differentiable(name: str, attributes: dict, inputs: dict[str, Spec], forward: Forward, shape: tuple[int, ...]) -> dict:
    """A case whose outputs are y and the gradient of every input; `shape` is y's."""
    names = list(inputs)

    def compute(values: Tensors) -> Tensors:
        for key in names:
            values[key].requires_grad_()
        y = forward(values)
        return {"y": y, **gradients(y, values, names)}

    return case(name, attributes, {**inputs, "dy": uniform(*shape)}, compute)


def out(size: int, kernel: int, stride: int, padding: int) -> int:
    return (size + 2 * padding - kernel) // stride + 1


def conv2d() -> list[dict]:
    def make(n: int, cin: int, h: int, w: int, cout: int, k: int, s: int, p: int, groups: int = 1, bias: bool = False) -> dict:
        title = f"{k}x{k}, stride {s}, padding {p}, groups {groups}, {cin} to {cout} channels, batch {n}, {h}x{w}"
        attributes = {"stride": s, "padding": p, "groups": groups}
        inputs = {"x": uniform(n, cin, h, w), "weight": uniform(cout, cin // groups, k, k, scale=0.5)}
        if bias:
            inputs["bias"] = uniform(cout, scale=0.5)
        return differentiable(
            title + (", bias" if bias else ""), attributes, inputs,
            lambda v: F.conv2d(v["x"], v["weight"], v.get("bias"), stride=s, padding=p, groups=groups),
            (n, cout, out(h, k, s, p), out(w, k, s, p)),
        )

    return [
        make(1, 1, 5, 4, 3, 1, 1, 0),
        make(3, 10, 5, 3, 5, 1, 2, 0, bias=True),
        make(1, 3, 4, 3, 5, 1, 1, 1),
        make(3, 33, 2, 3, 17, 1, 1, 0),
        make(1, 10, 3, 5, 10, 1, 2, 0, groups=2),
        make(1, 3, 7, 5, 5, 3, 1, 1),
        make(3, 5, 6, 5, 3, 3, 2, 1, bias=True),
        make(1, 5, 5, 7, 10, 3, 1, 0),
        make(3, 1, 5, 4, 1, 3, 2, 3),
        make(3, 5, 1, 1, 3, 3, 1, 1),
        make(1, 10, 4, 3, 10, 3, 1, 1, groups=2),
        make(3, 10, 5, 4, 10, 3, 2, 1, groups=10, bias=True),
        make(1, 3, 6, 5, 6, 3, 1, 1, groups=3),
        make(1, 3, 11, 9, 3, 7, 2, 3),
        make(3, 1, 8, 5, 3, 7, 1, 3, bias=True),
        make(1, 5, 7, 8, 5, 7, 1, 0, groups=5),
    ]


def batch_norm() -> list[dict]:
    def make(n: int, c: int, h: int, w: int, statistics: str, activation: str = "none", slope: float = 0, residual: bool = False) -> dict:
        title = f"{statistics} statistics, {c} channels, batch {n}, {h}x{w}, {activation}" + (", residual" if residual else "")
        attributes = {"eps": 1e-5, "momentum": 0.1, "statistics": statistics, "activation": activation, "slope": slope}
        parameters = ["x", "weight", "bias"] + (["residual"] if residual else [])
        inputs = {
            "x": uniform(n, c, h, w, scale=2.0, center=0.5),
            "weight": uniform(c, scale=0.5, center=1.0),
            "bias": uniform(c, scale=0.5),
            "runningMean": uniform(c),
            "runningVariance": uniform(c, scale=0.5, center=1.0),
        }
        if residual:
            inputs["residual"] = uniform(n, c, h, w)
        inputs["dy"] = uniform(n, c, h, w)

        def compute(v: Tensors) -> Tensors:
            for key in parameters:
                v[key].requires_grad_()
            batch = statistics == "batch"
            y = F.batch_norm(v["x"], v["runningMean"], v["runningVariance"], v["weight"], v["bias"], batch, 0.1, 1e-5)
            y = y + v["residual"] if residual else y
            y = {"none": lambda: y, "relu": lambda: F.relu(y), "leakyRelu": lambda: F.leaky_relu(y, slope)}[activation]()
            updated = {"newMean": v["runningMean"], "newVariance": v["runningVariance"]} if batch else {}
            return {"y": y, **gradients(y, v, parameters), **updated}

        return case(title, attributes, inputs, compute)

    return [
        make(1, 3, 5, 4, "batch"),
        make(3, 5, 3, 4, "batch"),
        make(6, 10, 1, 1, "batch"),
        make(3, 3, 4, 5, "batch", "relu"),
        make(1, 5, 5, 3, "batch", "relu", residual=True),
        make(3, 1, 3, 5, "batch", "leakyRelu", 0.1, residual=True),
        make(1, 3, 5, 4, "running"),
        make(3, 10, 1, 2, "running"),
        make(3, 5, 3, 2, "running", "relu", residual=True),
    ]


def elementwise() -> dict[str, list[dict]]:
    shapes = [(1, 1, 1, 1), (1, 3, 5, 4), (3, 5, 3, 4)]
    return {
        # quantised: zeros occur, where PyTorch's gradient is that of the negative side
        "relu": [differentiable(str(s), {}, {"x": uniform(*s, step=0.25)}, lambda v: F.relu(v["x"]), s) for s in shapes],
        "leakyRelu": [
            differentiable(str(s), {"slope": 0.1}, {"x": uniform(*s, step=0.25)}, lambda v: F.leaky_relu(v["x"], 0.1), s)
            for s in shapes
        ],
        "add": [
            differentiable(str(s), {}, {"a": uniform(*s), "b": uniform(*s)}, lambda v: v["a"] + v["b"], s) for s in shapes
        ],
        "flatten": [
            differentiable(str(s), {}, {"x": uniform(*s)}, lambda v: v["x"].flatten(1), (s[0], s[1] * s[2] * s[3]))
            for s in shapes
        ],
    }


def max_pool() -> list[dict]:
    def make(n: int, c: int, h: int, w: int, kernel: int, stride: int, padding: int, step: float) -> dict:
        ho, wo = out(h, kernel, stride, padding), out(w, kernel, stride, padding)

        def compute(v: Tensors) -> Tensors:
            v["x"].requires_grad_()
            y, pixel = F.max_pool2d(v["x"], kernel, stride, padding, return_indices=True)
            row = pixel // w - torch.arange(ho).view(ho, 1) * stride + padding
            column = pixel % w - torch.arange(wo) * stride + padding
            return {"y": y, "index": row * kernel + column, **gradients(y, v, ["x"])}

        title = f"{kernel}x{kernel}, stride {stride}, padding {padding}, batch {n}, {c} channels, {h}x{w}" + (", ties" if step else "")
        attributes = {"kernel": kernel, "stride": stride, "padding": padding}
        # all values are negative: a padding that counted as zero would win
        inputs = {"x": uniform(n, c, h, w, center=-1.5, **({"step": step} if step else {})), "dy": uniform(n, c, ho, wo)}
        return case(title, attributes, inputs, compute)

    settings = [(3, 2, 1), (2, 2, 0), (3, 1, 1)]
    return [make(*s, *k, step) for k in settings for s, step in (((1, 1, 7, 5), 0), ((3, 5, 5, 6), 0), ((1, 3, 7, 6), 0.5))]


def avg_pool() -> list[dict]:
    def make(n: int, c: int, h: int, w: int, kernel: int, stride: int, padding: int) -> dict:
        return differentiable(
            f"{kernel}x{kernel}, stride {stride}, padding {padding}, batch {n}, {c} channels, {h}x{w}",
            {"kernel": kernel, "stride": stride, "padding": padding},
            {"x": uniform(n, c, h, w)},
            lambda v: F.avg_pool2d(v["x"], kernel, stride, padding, count_include_pad=True),
            (n, c, out(h, kernel, stride, padding), out(w, kernel, stride, padding)),
        )

    return [make(*s, *k) for k in [(3, 2, 1), (2, 2, 0), (3, 1, 1)] for s in [(1, 1, 7, 5), (3, 5, 5, 6)]]


def adaptive_pool() -> dict[str, list[dict]]:
    def max_case(shape: tuple[int, ...], step: float) -> dict:
        def compute(v: Tensors) -> Tensors:
            v["x"].requires_grad_()
            y, pixel = F.adaptive_max_pool2d(v["x"], 1, return_indices=True)
            return {"y": y, "index": pixel, **gradients(y, v, ["x"])}

        x = uniform(*shape, center=-1.5, **({"step": step} if step else {}))
        return case(f"{shape}" + (", ties" if step else ""), {}, {"x": x, "dy": uniform(*shape[:2], 1, 1)}, compute)

    shapes = [(1, 1, 1, 1), (1, 3, 5, 4), (3, 10, 3, 2)]
    return {
        "adaptiveAvgPool2d": [
            differentiable(str(s), {}, {"x": uniform(*s)}, lambda v: F.adaptive_avg_pool2d(v["x"], 1), (*s[:2], 1, 1)) for s in shapes
        ],
        "adaptiveMaxPool2d": [max_case(s, step) for s, step in zip(shapes, (0, 0, 0))] + [max_case((3, 5, 4, 5), 0.5)],
    }


def linear() -> list[dict]:
    def make(n: int, features: int, outputs: int, bias: bool) -> dict:
        inputs = {"x": uniform(n, features), "weight": uniform(outputs, features, scale=0.5)}
        if bias:
            inputs["bias"] = uniform(outputs)
        title = f"batch {n}, {features} to {outputs}" + (", bias" if bias else "")
        return differentiable(title, {}, inputs, lambda v: F.linear(v["x"], v["weight"], v.get("bias")), (n, outputs))

    return [make(1, 1, 1, True), make(3, 10, 5, True), make(17, 33, 10, True), make(3, 7, 3, False)]


def cross_entropy() -> list[dict]:
    def make(
        n: int, classes: int, smoothing: float, scale: float, step: float = 0, dloss: float = 1, weights: list[float] | None = None
    ) -> dict:
        def compute(v: Tensors) -> Tensors:
            logits = v["logits"].requires_grad_()
            weight = torch.tensor(weights, dtype=logits.dtype) if weights else None
            loss = F.cross_entropy(logits, v["labels"], weight=weight, label_smoothing=smoothing)
            # numpy's argmax is the first of several equal ones, torch's is any
            first = torch.from_numpy(np.argmax(logits.detach().numpy(), 1))
            return {"loss": loss, "correct": (first == v["labels"]).sum(), **gradients(loss, v, ["logits"], "dloss")}

        title = f"batch {n}, {classes} classes, smoothing {smoothing}, logits up to {scale}" + (", ties" if step else "")
        title += ", weighted" if weights else ""
        inputs = {
            "logits": uniform(n, classes, scale=scale, **({"step": step} if step else {})),
            "labels": {"shape": [n], "below": classes},
            "dloss": uniform(scale=0.0, center=dloss),
        }
        attributes = {"smoothing": smoothing, **({"classWeights": weights} if weights else {})}
        return case(title, attributes, inputs, compute)

    return [make(*shape, smoothing, *rest) for smoothing in (0.0, 0.1) for shape, rest in (
        ((1, 10), (3.0,)), ((7, 10), (3.0, 0, 0.5)), ((5, 3), (100.0,)), ((33, 4), (1.0, 0.5)),
        ((9, 4), (3.0, 0, 0.5, [0.25, 1.0, 3.5, 0.125])), ((1, 3), (3.0, 0, 1.0, [0.5, 2.0, 4.0])),
    )]


STEPS = 5


def optimizer(title: str, attributes: dict, make: Callable[[Tensor], torch.optim.Optimizer], state: dict[str, str]) -> dict:
    """The parameter and the optimiser's state after `STEPS` steps with the gradients gradient1, gradient2, ..."""

    def compute(v: Tensors) -> Tensors:
        parameter = torch.nn.Parameter(v["parameter"])
        steps = make(parameter)
        for step in range(1, STEPS + 1):
            parameter.grad = v[f"gradient{step}"]
            steps.step()
        kept = {ours: steps.state[parameter][theirs] for ours, theirs in state.items()}
        return {"newParameter": parameter, **kept}

    shape = (5, 7)
    inputs = {"parameter": uniform(*shape), **{f"gradient{i}": uniform(*shape, scale=0.5) for i in range(1, STEPS + 1)}}
    return case(title, {**attributes, "steps": STEPS}, inputs, compute)


def sgd() -> list[dict]:
    def make(momentum: float, nesterov: bool, decay: float) -> dict:
        attributes = {"learningRate": 0.1, "momentum": momentum, "nesterov": nesterov, "weightDecay": decay}
        return optimizer(
            f"momentum {momentum}, weight decay {decay}" + (", nesterov" if nesterov else ""), attributes,
            lambda p: torch.optim.SGD([p], lr=0.1, momentum=momentum, nesterov=nesterov, weight_decay=decay),
            {"newVelocity": "momentum_buffer"} if momentum else {},
        )

    return [make(0.0, False, 0.0), make(0.0, False, 0.01), make(0.9, False, 0.0), make(0.9, False, 0.01), make(0.9, True, 0.01)]


def adam() -> list[dict]:
    def make(decoupled: bool, decay: float, beta2: float = 0.999, eps: float = 1e-8) -> dict:
        kind = torch.optim.AdamW if decoupled else torch.optim.Adam
        attributes = {"learningRate": 0.01, "beta1": 0.9, "beta2": beta2, "eps": eps, "weightDecay": decay, "decoupled": decoupled}
        return optimizer(
            f"{kind.__name__}, weight decay {decay}, beta2 {beta2}, eps {eps}", attributes,
            lambda p: kind([p], lr=0.01, betas=(0.9, beta2), eps=eps, weight_decay=decay),
            {"newFirstMoment": "exp_avg", "newSecondMoment": "exp_avg_sq"},
        )

    return [make(False, 0.0), make(False, 0.1), make(False, 0.0, 0.99, 1e-3), make(True, 0.0), make(True, 0.1)]


def lerp() -> list[dict]:
    def make(weight: float, *shape: int) -> dict:
        def compute(v: Tensors) -> Tensors:
            for key in ("start", "end"):
                v[key].requires_grad_()
            y = torch.lerp(v["start"], v["end"], v["weight"])
            return {"y": y, **gradients(y, v, ["start", "end"])}

        inputs = {"start": uniform(*shape), "end": uniform(*shape), "weight": uniform(scale=0.0, center=weight), "dy": uniform(*shape)}
        return case(f"weight {weight}, {list(shape)}", {}, inputs, compute)

    return [make(0.001, 7, 5), make(0.3, 33), make(0.7, 3, 5), make(1.0, 17)]


def main() -> None:
    torch.set_num_threads(1)
    files = {
        "conv2d": conv2d(), "batchNorm2d": batch_norm(), **elementwise(), "maxPool2d": max_pool(), "avgPool2d": avg_pool(),
        **adaptive_pool(), "linear": linear(), "softmaxCrossEntropy": cross_entropy(), "sgd": sgd(), "adam": adam(),
        "lerp": lerp(),
    }
    for op, cases in files.items():
        write_json(FIXTURES / "ops" / f"{op}.json", {"torch": torch.__version__, "op": op}, "cases", cases)
        worst = max(value["deviation"] for row in cases for value in row["expected"].values())
        print(f"{op}: {len(cases)} cases, largest deviation {worst:.1e}")


main()
