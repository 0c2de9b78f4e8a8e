"""The relatives of torchvision's ResNets in PyTorch, under the names that src/models gives their parameters."""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def conv(cin: int, cout: int, kernel: int, stride: int = 1, groups: int = 1, bias: bool = False) -> nn.Conv2d:
    return nn.Conv2d(cin, cout, kernel, stride, (kernel - 1) // 2, groups=groups, bias=bias)


def changes(cin: int, cout: int, stride: int) -> bool:
    return stride != 1 or cin != cout


def projection(cin: int, cout: int, stride: int) -> nn.Sequential | None:
    return nn.Sequential(conv(cin, cout, 1, stride), nn.BatchNorm2d(cout)) if changes(cin, cout, stride) else None


class Basic(nn.Module):
    """Two 3x3; `kind` is projection (torchvision), plain (no shortcut), A or B (akamaster's)."""

    def __init__(self, cin: int, width: int, stride: int, first: bool, kind: str = "projection") -> None:
        super().__init__()
        self.out_channels = width
        self.kind = kind
        self.conv1, self.bn1 = conv(cin, width, 3, stride), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = conv(width, width, 3), nn.BatchNorm2d(width)
        if kind == "projection":
            self.downsample = projection(cin, width, stride)
        if kind == "B":
            self.shortcut = projection(cin, width, stride)

    def around(self, x: Tensor) -> Tensor:
        if self.kind == "A":
            pad = (self.bn1.num_features - x.shape[1]) // 2
            # akamaster: F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, planes // 4, planes // 4))
            return F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, pad, pad)) if pad else x
        way = self.shortcut if self.kind == "B" else self.downsample
        return x if way is None else way(x)

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y if self.kind == "plain" else y + self.around(x))


class Bottleneck(nn.Module):
    def __init__(self, cin: int, planes: int, stride: int, first: bool, groups: int = 1, base: int = 64, on: str = "3x3") -> None:
        super().__init__()
        width = int(planes * (base / 64.0)) * groups
        first_stride, second_stride = (1, stride) if on == "3x3" else (stride, 1)
        self.out_channels = 4 * planes
        self.conv1, self.bn1 = conv(cin, width, 1, first_stride), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = conv(width, width, 3, second_stride, groups), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = conv(width, 4 * planes, 1), nn.BatchNorm2d(4 * planes)
        self.downsample = projection(cin, 4 * planes, stride)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn3(self.conv3(F.relu(self.bn2(self.conv2(y)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class PreAct(nn.Module):
    """BN-ReLU-conv, with kernels 3, 3 or 1, 3, 1; the first block of a network gets x activated."""

    def __init__(self, cin: int, width: int, stride: int, first: bool, kernels: Sequence[int] = (3, 3)) -> None:
        super().__init__()
        expansion = 1 if len(kernels) == 2 else 4
        widths = [width] * (len(kernels) - 1) + [width * expansion]
        self.out_channels = widths[-1]
        self.convs = len(kernels)
        step = len(kernels) - 2  # the stride is on the (first) 3x3
        channels = cin
        for i, (kernel, out) in enumerate(zip(kernels, widths, strict=True)):
            if i > 0 or not first:
                setattr(self, f"bn{i + 1}", nn.BatchNorm2d(channels))
            setattr(self, f"conv{i + 1}", conv(channels, out, kernel, stride if i == step else 1))
            channels = out
        self.downsample = conv(cin, channels, 1, stride) if changes(cin, channels, stride) else None

    def forward(self, x: Tensor) -> Tensor:
        a = F.relu(self.bn1(x)) if hasattr(self, "bn1") else x
        y = self.conv1(a)
        for i in range(2, self.convs + 1):
            y = getattr(self, f"conv{i}")(F.relu(getattr(self, f"bn{i}")(y)))
        return y + (x if self.downsample is None else self.downsample(a))


class Net(nn.Module):
    def __init__(
        self,
        block: Callable[..., nn.Module],
        counts: Sequence[int],
        shape: tuple[int, int, int],  # channels, classes, width
        stem: str = "imagenet",
        head: str = "fc",
        preact: bool = False,
    ) -> None:
        super().__init__()
        channels, classes, width = shape
        self.imagenet = stem == "imagenet"
        self.head = head
        self.conv1 = conv(channels, width, 7, 2) if self.imagenet else conv(channels, width, 3)
        self.bn1 = nn.BatchNorm2d(width)
        cin, self.stages = width, len(counts)
        for stage, count in enumerate(counts):
            blocks = []
            for i in range(count):
                stride = 2 if i == 0 and stage > 0 else 1
                blocks.append(block(cin, width * 2**stage, stride, stage == 0 and i == 0))
                cin = blocks[-1].out_channels
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        if preact:
            self.bn2 = nn.BatchNorm2d(cin)
        setattr(self, head, nn.Linear(cin, classes))

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        if self.imagenet:
            y = F.max_pool2d(y, 3, 2, 1)
        for stage in range(self.stages):
            y = getattr(self, f"layer{stage + 1}")(y)
        if hasattr(self, "bn2"):
            y = F.relu(self.bn2(y))
        return getattr(self, self.head)(torch.flatten(F.adaptive_avg_pool2d(y, 1), 1))


class Residual(nn.Module):
    """As d2l writes it."""

    def __init__(self, input_channels: int, num_channels: int, use_1x1conv: bool = False, strides: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(input_channels, num_channels, kernel_size=3, padding=1, stride=strides)
        self.conv2 = nn.Conv2d(num_channels, num_channels, kernel_size=3, padding=1)
        self.conv3 = nn.Conv2d(input_channels, num_channels, kernel_size=1, stride=strides) if use_1x1conv else None
        self.bn1 = nn.BatchNorm2d(num_channels)
        self.bn2 = nn.BatchNorm2d(num_channels)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return F.relu(y + (self.conv3(x) if self.conv3 else x))


def d2l(shape: tuple[int, int, int], pool: str) -> nn.Sequential:
    channels, classes, width = shape

    def block(cin: int, cout: int, first: bool = False) -> nn.Sequential:
        return nn.Sequential(Residual(cin, cout) if first else Residual(cin, cout, True, 2), Residual(cout, cout))

    b1 = nn.Sequential(
        nn.Conv2d(channels, width, kernel_size=7, stride=2, padding=3),
        nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(kernel_size=3, stride=2, padding=1),
    )
    pooling = nn.AdaptiveMaxPool2d((1, 1)) if pool == "max" else nn.AdaptiveAvgPool2d((1, 1))
    return nn.Sequential(
        b1, block(width, width, True), block(width, 2 * width), block(2 * width, 4 * width), block(4 * width, 8 * width),
        pooling, nn.Flatten(), nn.Linear(8 * width, classes),
    )


class ConvBNLayer(nn.Module):
    def __init__(self, cin: int, cout: int, kernel: int, stride: int = 1, groups: int = 1, act: str | None = None) -> None:
        super().__init__()
        self._conv = conv(cin, cout, kernel, stride, groups)
        self._batch_norm = nn.BatchNorm2d(cout)
        self.act = act

    def forward(self, x: Tensor) -> Tensor:
        y = self._batch_norm(self._conv(x))
        if self.act == "leaky":
            return F.leaky_relu(y, negative_slope=0.1)
        return F.relu(y) if self.act == "relu" else y


class ConvBNBottleneck(nn.Module):
    def __init__(self, cin: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = ConvBNLayer(cin, width, 1, act="relu")
        self.conv2 = ConvBNLayer(width, width, 3, stride, act="relu")
        self.conv3 = ConvBNLayer(width, 4 * width, 1)
        self.short = ConvBNLayer(cin, 4 * width, 1, stride) if changes(cin, 4 * width, stride) else None

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv3(self.conv2(self.conv1(x)))
        return F.relu((self.short(x) if self.short else x) + y)


class ConvBNNet(nn.Module):
    def __init__(self, counts: Sequence[int], shape: tuple[int, int, int]) -> None:
        super().__init__()
        channels, classes, width = shape
        self.conv = ConvBNLayer(channels, width, 7, 2, act="relu")
        cin, blocks = width, []
        for stage, count in enumerate(counts):
            for i in range(count):
                blocks.append(ConvBNBottleneck(cin, width * 2**stage, 2 if i == 0 and stage > 0 else 1))
                cin = 4 * width * 2**stage
        self.bottleneck_block_list = nn.ModuleList(blocks)
        self.out = nn.Linear(cin, classes)

    def forward(self, x: Tensor) -> Tensor:
        y = F.max_pool2d(self.conv(x), 3, 2, 1)
        for block in self.bottleneck_block_list:
            y = block(y)
        return self.out(torch.flatten(F.adaptive_avg_pool2d(y, 1), 1))
