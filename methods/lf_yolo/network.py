"""LF-YOLO's layers: feature extraction with ghost convolutions (EFE), reinforced multi-scale features (RMF)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from ultralytics.nn.modules import Concat, Conv

from methods._ultralytics.layers import Source

LEVEL_CHANNELS = (256, 256, 256)
"""channels of P3, P4, P5, as the head reads them"""
_SLOPE = 0.1
_POOLS = (5, 9, 13)
_DILATIONS = (1, 3, 5)


def _conv(c_in: int, c_out: int, kernel: int = 1) -> Conv:
    return Conv(c_in, c_out, kernel, act=nn.LeakyReLU(_SLOPE))


class Ghost(nn.Module):
    """Half of the channels by a 1x1 convolution, the rest from them by a depthwise 3x3 convolution (GhostNet, 2020)."""

    def __init__(self, c_in: int, c_out: int, dilation: int = 1) -> None:
        super().__init__()
        half = c_out // 2
        self.primary = Conv(c_in, half, act=nn.ReLU())
        self.cheap = Conv(half, half, 3, g=half, d=dilation, act=nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        """(B, c_in, H, W) to (B, c_out, H, W)."""
        y = self.primary(x)
        return torch.cat([y, self.cheap(y)], dim=1)


class EFE(nn.Module):
    """Efficient feature extraction: 1x1, a ghost module on three quarters of the channels, 1x1, residual."""

    def __init__(self, c_in: int, c: int) -> None:
        super().__init__()
        self.passed = c // 4
        self.enter = Conv(c_in, c, act=False)
        self.ghost = Ghost(c - self.passed, 2 * c - self.passed)
        self.leave = Conv(2 * c, c, act=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, c_in, H, W) to (B, c, H, W)."""
        x = self.enter(x)
        rest = self.ghost(x[:, self.passed :])
        return x + self.leave(torch.cat([x[:, : self.passed], rest], dim=1))


class RMF(nn.Module):
    """Reinforced multi-scale feature: the map and three max-poolings of it, each through three dilated Ghosts."""

    def __init__(self, c_in: int, c_out: int) -> None:
        super().__init__()
        self.pools: Any = nn.ModuleList(nn.MaxPool2d(k, 1, k // 2) for k in _POOLS)
        part = c_out // ((1 + len(_POOLS)) * len(_DILATIONS))
        self.branches: Any = nn.ModuleList(
            nn.ModuleList(Ghost(c_in, part, dilation) for dilation in _DILATIONS) for _ in range(1 + len(_POOLS))
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, c_in, H, W) to (B, c_out, H, W)."""
        views = [x, *(pool(x) for pool in self.pools)]
        return torch.cat(
            [ghost(view) for ghosts, view in zip(self.branches, views, strict=True) for ghost in ghosts], dim=1
        )


def layers(head: nn.Module) -> list[tuple[Source, nn.Module]]:
    """All layers, each with the layers it reads; `head` reads LEVEL_CHANNELS at strides 8, 16, 32."""
    table: list[tuple[Source, nn.Module]] = [(-1, _conv(3, 32, 3))]
    ends: list[int] = []
    c_in = 32
    for c, count in ((32, 1), (64, 2), (128, 4), (256, 4), (512, 2)):
        table.append((-1, nn.MaxPool2d(3, 2, 1)))
        for _ in range(count):
            table.append((-1, EFE(c_in, c)))
            c_in = c
        ends.append(len(table) - 1)
    outputs = []
    table.append((-1, RMF(512, 3072)))
    wide, c_wide = len(table) - 1, 3072
    for c, end in ((512, None), (256, ends[3]), (128, ends[2])):
        # A finer level starts again from the widest map of the one before, not from its output.
        table.append((wide, _conv(c_wide, c)))
        if end is not None:
            table.append((-1, nn.Upsample(scale_factor=2, mode="nearest")))
            table.append(([-1, end], Concat(1)))
            wide, c_wide = len(table) - 1, 2 * c
            table.append((-1, _conv(c_wide, c)))
        table += [(-1, Ghost(c, 2 * c)), (-1, _conv(2 * c, 256))]
        outputs.append(len(table) - 1)
    table.append((outputs[::-1], head))
    return table
