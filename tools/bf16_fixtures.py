"""bfloat16 in PyTorch: how it rounds, and what autocast makes of networks: ten losses, and gradients.

Writes `test/fixtures/tensor/bf16.json` and `test/fixtures/networks/<network>-bf16.json`.
"""

import numpy as np
import torch
import torch.nn.functional as F

from fixture_file import FIXTURES, significant, write_json
from network_fixtures import (
    MOMENTUM, NETWORKS, STEPS, WEIGHT_DECAY, Network, Tensors, distance, draws, images, labels, make,
)
from threefry import tensor

# Batch norm makes float32 blind to the brightness of images, while bfloat16 rounds at each other values:
# trainings that differ only in how they were rounded.
BRIGHTNESS = [1 + i / 8 for i in range(8)]


def rounding() -> list[dict[str, object]]:
    """Bits of float32 values and of the bfloat16 that PyTorch rounds them to."""
    words = [
        0x00000000, 0x80000000, 0x3F800000, 0xBF800000,  # exact
        0x3F808000, 0x3F818000, 0x3F828000, 0xBF808000, 0xBF818000,  # ties: to even
        0x3F807FFF, 0x3F808001, 0x3F817FFF, 0x3F818001,  # next to ties
        0x3FFFFFFF, 0x3FFF8000,  # into the next binade
        0x7F7F0000, 0x7F7F7FFF, 0x7F7F8000, 0x7F7FFFFF, 0xFF7FFFFF,  # the largest, and beyond: infinity
        0x7F800000, 0xFF800000,  # infinities
        0x00800000, 0x007FFFFF, 0x007F8000, 0x00010000, 0x00008000, 0x00008001, 0x00018000, 0x00000001, 0x80018000,
    ]
    random = np.random.default_rng(1).integers(0, 1 << 32, 200, dtype=np.uint32)
    words += [int(word) for word in random if (word & 0x7F800000) != 0x7F800000]
    bits = np.array(words, dtype=np.uint32)
    rounded = torch.from_numpy(bits.view(np.float32)).to(torch.bfloat16).view(torch.int16).numpy().view(np.uint16)
    return [{"f32": int(a), "bf16": int(b)} for a, b in zip(bits, rounded, strict=True)]


def train(network: Network, autocast: bool, brightness: float = 1) -> tuple[list[float], Tensors]:
    """Ten losses, and the gradients of the first step. Images are multiplied by `brightness`."""
    model = make(network)
    with torch.no_grad():
        for name, spec in draws(network).items():
            parameter = model.get_parameter(name)
            parameter.copy_(torch.from_numpy(tensor(network.seed, name, tuple(parameter.shape), **spec)))
    optimizer = torch.optim.SGD(
        model.parameters(), lr=network.learning_rate, momentum=MOMENTUM, weight_decay=WEIGHT_DECAY, foreach=False
    )
    result = []
    for step in range(1, STEPS + 1):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
            loss = F.cross_entropy(model(brightness * images(network, step)), labels(network, step))
        loss.backward()
        if step == 1:
            gradients = {name: p.grad.clone() for name, p in model.named_parameters()}
        optimizer.step()
        result.append(loss.item())
    return result, gradients


def main() -> None:
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    write_json(FIXTURES / "tensor" / "bf16.json", {"torch": torch.__version__}, "cases", rounding())
    for network in NETWORKS:
        full_losses, full = train(network, False)
        runs = [train(network, True, brightness) for brightness in BRIGHTNESS]
        distances = {
            name: significant(np.mean([distance(half[name], value.double()) for _, half in runs]))
            for name, value in full.items()
        }
        print(f"{network.file}: gradients apart by {np.mean(list(distances.values())):.3f} in the mean")
        header = {
            "torch": torch.__version__,
            "fp32": np.array(full_losses, dtype=np.float32),
            "brightness": BRIGHTNESS,
            "bf16": [np.array(losses, dtype=np.float32) for losses, _ in runs],
        }
        rows = [{"name": name, "distance": value} for name, value in distances.items()]
        write_json(FIXTURES / "networks" / f"{network.file}-bf16.json", header, "gradients", rows)


if __name__ == "__main__":
    main()
