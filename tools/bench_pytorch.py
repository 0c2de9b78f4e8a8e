"""PyTorch's side of `resnet bench --compare pytorch`: the time of a step, as one line of JSON.

With `--serve` it stays: it prints `ready` after the warm-up, and answers each line `run K` on standard input with one
line of JSON for K more steps, until the input ends. So another process can alternate rounds with it.
"""

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext

import torch
import torch.nn.functional as F

from resnet_torch import BLOCKS, ResNet


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=BLOCKS, default="resnet34")
    parser.add_argument("--input", default="1x28x28", help="channels x height x width")
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--mode", choices=("train", "eval"), default="train", help="a training step, or a forward pass")
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32", help="bf16 is autocast")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--layout", choices=("nchw", "nhwc"), default="nchw")
    parser.add_argument("--rounds", type=int, default=10, help="steps to time")
    parser.add_argument("--warmup", type=int, default=3, help="steps before the timing")
    parser.add_argument("--compile", action="store_true", help="torch.compile; needs a C++ compiler")
    parser.add_argument("--serve", action="store_true")
    return parser.parse_args()


def make_step(options: argparse.Namespace) -> Callable[[], None]:
    torch.manual_seed(0)
    channels, height, width = map(int, options.input.split("x"))
    layout = torch.channels_last if options.layout == "nhwc" else torch.contiguous_format
    model = ResNet(options.model, channels, options.classes).to(memory_format=layout)
    forward = torch.compile(model) if options.compile else model
    images = torch.randn(options.batch, channels, height, width).contiguous(memory_format=layout)
    labels = torch.randint(options.classes, (options.batch,))
    bf16 = options.precision == "bf16"

    def precision():
        return torch.autocast("cpu", torch.bfloat16) if bf16 else nullcontext()

    if options.mode == "eval":
        model.eval()

        def predict() -> None:
            with torch.inference_mode(), precision():
                forward(images)

        return predict

    # fused: the fastest of PyTorch's three ways to step on a CPU, and not the default
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, fused=True)

    def train() -> None:
        optimizer.zero_grad(set_to_none=True)
        with precision():
            loss = F.cross_entropy(forward(images), labels)
        loss.backward()
        optimizer.step()
        loss.item()

    return train


def main() -> None:
    options = arguments()
    torch.set_num_threads(options.threads)
    step = make_step(options)

    def report(steps: int) -> None:
        milliseconds = []
        for _ in range(steps):
            start = time.perf_counter()
            step()
            milliseconds.append(round((time.perf_counter() - start) * 1000, 3))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        row = {"milliseconds": milliseconds, "peakBytes": peak, "torch": torch.__version__, "threads": torch.get_num_threads()}
        print(json.dumps(row), flush=True)

    for _ in range(options.warmup):
        step()
    if not options.serve:
        return report(options.rounds)
    print("ready", flush=True)
    for line in sys.stdin:
        command, steps = line.split()
        if command != "run":
            sys.exit(f'The line should be "run K", but is "{line.strip()}".')
        report(int(steps))


main()
