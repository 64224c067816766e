"""PP-YOLOE's three parts: CSPRepResNet, CSPPAN and ET-head. Parameters are named as in the released weights."""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from ultralytics.nn.modules import Conv
from ultralytics.nn.modules.conv import RepConv

from methods._ultralytics.layers import Source

SIZES = {"s": (0.50, 0.33), "m": (0.75, 0.67)}
"""width and depth of each size"""
REG_MAX = 16
"""distances to a box's sides are distributions over 0..16 cells"""
_CHANNELS, _BLOCKS = (64, 128, 256, 512, 1024), (3, 6, 6, 3)
_NECK_CHANNELS, _NECK_BLOCKS = (768, 384, 192), 3


class Residual(nn.Module):
    """A 3x3 convolution, then a 3x3 and a 1x1 in parallel, which are fused after training (RepVGG)."""

    def __init__(self, channels: int, *, shortcut: bool) -> None:
        super().__init__()
        self.conv1, self.conv2, self.shortcut = Conv(channels, channels, 3), RepConv(channels, channels), shortcut

    def forward(self, x: Tensor) -> Tensor:
        """Shape is kept."""
        y: Tensor = self.conv2(self.conv1(x))
        return x + y if self.shortcut else y


class ChannelAttention(nn.Module):
    """Effective squeeze and excitation: channel means, one 1x1 convolution, hard sigmoid (CenterMask, CVPR 2020)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Shape is kept."""
        return x * F.hardsigmoid(self.fc(x.mean((2, 3), keepdim=True)))


class BackboneStage(nn.Module):
    """Halves the map; half of the channels pass residual blocks; attention over both halves."""

    def __init__(self, c_in: int, c_out: int, count: int) -> None:
        super().__init__()
        middle = (c_in + c_out) // 2
        half = middle // 2
        self.conv_down = Conv(c_in, middle, 3, 2)
        self.conv1, self.conv2 = Conv(middle, half), Conv(middle, half)
        self.blocks = nn.Sequential(*(Residual(half, shortcut=True) for _ in range(count)))
        self.attn, self.conv3 = ChannelAttention(middle), Conv(middle, c_out)

    def forward(self, x: Tensor) -> Tensor:
        """(B, c_in, H, W) to (B, c_out, H / 2, W / 2)."""
        x = self.conv_down(x)
        y: Tensor = self.conv3(self.attn(torch.cat([self.conv1(x), self.blocks(self.conv2(x))], dim=1)))
        return y


class Backbone(nn.Module):
    """CSPRepResNet with its stem of three convolutions. Image to strides 8, 16, 32."""

    mean: Tensor | None
    std: Tensor

    def __init__(self, width: float, depth: float) -> None:
        super().__init__()
        channels = [max(round(c * width), 1) for c in _CHANNELS]
        first = channels[0]
        self.stem = nn.Sequential()
        self.stem.add_module("conv1", Conv(3, first // 2, 3, 2))
        self.stem.add_module("conv2", Conv(first // 2, first // 2, 3))
        self.stem.add_module("conv3", Conv(first // 2, first, 3))
        self.stages: Any = nn.Sequential()
        for i, count in enumerate(_BLOCKS):
            stage = BackboneStage(channels[i], channels[i + 1], max(round(count * depth), 1))
            self.stages.add_module(str(i), stage)
        self.channels = channels[2:]
        self.register_buffer("mean", None, persistent=False)
        self.register_buffer("std", None, persistent=False)

    def normalise(self, mean: Sequence[float], std: Sequence[float]) -> None:
        """Make the backbone normalise pixels by statistics of RGB in 0..1, for released weights; our fits do not."""
        device = next(self.parameters()).device
        self.mean, self.std = (torch.tensor(values, device=device).view(1, 3, 1, 1) for values in (mean, std))

    def forward(self, x: Tensor) -> list[Tensor]:
        """(B, 3, H, W) to three maps, fine to coarse."""
        if self.mean is not None:
            x = (x - self.mean) / self.std
        x = self.stem(x)
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return maps[1:]


class PoolPyramid(nn.Module):
    """The map beside three max-poolings of it, then a 1x1 convolution (SPP)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.pools: Any = nn.ModuleList(nn.MaxPool2d(k, 1, k // 2) for k in (5, 9, 13))
        self.conv = Conv(4 * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Shape is kept."""
        y: Tensor = self.conv(torch.cat([x, *(pool(x) for pool in self.pools)], dim=1))
        return y


class NeckStage(nn.Module):
    """Half of the channels pass blocks without shortcut; with `pool` an SPP follows the middle one."""

    def __init__(self, c_in: int, c_out: int, count: int, *, pool: bool) -> None:
        super().__init__()
        half = c_out // 2
        self.conv1, self.conv2 = Conv(c_in, half), Conv(c_in, half)
        self.convs = nn.Sequential()
        for i in range(count):
            self.convs.add_module(str(i), Residual(half, shortcut=False))
            if pool and i == (count - 1) // 2:
                self.convs.add_module("spp", PoolPyramid(half))
        self.conv3 = Conv(2 * half, c_out)

    def forward(self, x: Tensor) -> Tensor:
        """(B, c_in, H, W) to (B, c_out, H, W)."""
        y: Tensor = self.conv3(torch.cat([self.conv1(x), self.convs(self.conv2(x))], dim=1))
        return y


class Neck(nn.Module):
    """CSPPAN: coarse to fine, then back. Maps of strides 8, 16, 32 to maps of strides 32, 16, 8."""

    def __init__(self, c_in: list[int], width: float, depth: float) -> None:
        super().__init__()
        self.channels = [max(round(c * width), 1) for c in _NECK_CHANNELS]
        count = max(round(_NECK_BLOCKS * depth), 1)
        self.fpn_stages: Any = nn.ModuleList()
        self.fpn_routes: Any = nn.ModuleList()
        above = 0
        for i, (c, c_out) in enumerate(zip(reversed(c_in), self.channels, strict=True)):
            self.fpn_stages.append(nn.Sequential(NeckStage(c + above // 2, c_out, count, pool=i == 0)))
            if i < len(c_in) - 1:
                self.fpn_routes.append(Conv(c_out, c_out // 2))
            above = c_out
        coarse, middle, fine = self.channels
        self.pan_stages: Any = nn.ModuleList(
            nn.Sequential(NeckStage(a + b, a, count, pool=False)) for a, b in ((coarse, middle), (middle, fine))
        )
        self.pan_routes: Any = nn.ModuleList(Conv(c, c, 3, 2) for c in (middle, fine))

    def forward(self, levels: list[Tensor]) -> list[Tensor]:
        """Fine to coarse in, coarse to fine out."""
        down: list[Tensor] = []
        for i, level in enumerate(reversed(levels)):
            read = [level]
            if down:
                read.insert(0, F.interpolate(self.fpn_routes[i - 1](down[-1]), scale_factor=2.0, mode="nearest"))
            down.append(self.fpn_stages[i](torch.cat(read, dim=1)))
        up = [down[-1]]
        for i in reversed(range(len(down) - 1)):
            up.insert(0, self.pan_stages[i](torch.cat([self.pan_routes[i](up[0]), down[i]], dim=1)))
        return up


class HeadAttention(nn.Module):
    """Attention of one branch on a level: channel weights from the means, then a 1x1 convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc, self.conv = nn.Conv2d(channels, channels, 1), Conv(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Shape is kept."""
        y: Tensor = self.conv(x * self.fc(x.mean((2, 3), keepdim=True)).sigmoid())
        return y


class Head(nn.Module):
    """ET-head. Training: a list of (B, classes + 4 * 17, H, W). Otherwise ((B, 4 + classes, N), raw), xywh in px."""

    stride: Tensor

    def __init__(self, class_count: int, channels: list[int]) -> None:
        super().__init__()
        self.nc = class_count
        self.stem_cls: Any = nn.ModuleList(HeadAttention(c) for c in channels)
        self.stem_reg: Any = nn.ModuleList(HeadAttention(c) for c in channels)
        self.pred_cls: Any = nn.ModuleList(nn.Conv2d(c, class_count, 3, padding=1) for c in channels)
        self.pred_reg: Any = nn.ModuleList(nn.Conv2d(c, 4 * (REG_MAX + 1), 3, padding=1) for c in channels)
        self.register_buffer("bins", torch.arange(REG_MAX + 1).float(), persistent=False)
        self.stride = torch.zeros(len(channels))

    def forward(self, levels: list[Tensor]) -> Any:
        """See the class."""
        raw = []
        for i, level in enumerate(levels):
            classes = self.pred_cls[i](self.stem_cls[i](level) + level)
            raw.append(torch.cat([classes, self.pred_reg[i](self.stem_reg[i](level))], dim=1))
        if self.training:
            return raw
        scores, distances, points, strides = self.flatten(raw)
        xyxy = self.boxes(distances, points) * strides
        xywh = torch.cat([(xyxy[..., :2] + xyxy[..., 2:]) / 2, xyxy[..., 2:] - xyxy[..., :2]], dim=-1)
        return torch.cat([xywh, scores.sigmoid()], dim=-1).transpose(1, 2), raw

    def flatten(self, raw: list[Tensor]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Class logits (B, N, classes), distance logits (B, N, 4 * 17), centres (N, 2) in cells, strides (N, 1)."""
        points, strides = [], []
        for maps, stride in zip(raw, self.stride.tolist(), strict=True):
            height, width = maps.shape[2:]
            rows, columns = torch.meshgrid(
                torch.arange(height, device=maps.device), torch.arange(width, device=maps.device), indexing="ij"
            )
            points.append(torch.stack([columns, rows], dim=-1).reshape(-1, 2).to(maps.dtype) + 0.5)
            strides.append(maps.new_full((height * width, 1), stride))
        flat = torch.cat([maps.flatten(2) for maps in raw], dim=2).transpose(1, 2)
        return flat[..., : self.nc], flat[..., self.nc :], torch.cat(points), torch.cat(strides)

    def boxes(self, distances: Tensor, points: Tensor) -> Tensor:
        """Expected distances to left, top, right, bottom around the centres: xyxy (B, N, 4) in cells."""
        shares = distances.unflatten(-1, (4, REG_MAX + 1)).softmax(-1)
        sides = shares @ self.get_buffer("bins").to(shares.dtype)
        return torch.cat([points - sides[..., :2], points + sides[..., 2:]], dim=-1)

    def bias_init(self) -> None:
        """Initialise with class scores of 0.01 and boxes six cells wide, as published."""
        for classify, regress in zip(self.pred_cls, self.pred_reg, strict=True):
            nn.init.zeros_(classify.weight)
            nn.init.constant_(classify.bias, -log((1 - 0.01) / 0.01))
            nn.init.zeros_(regress.weight)
            nn.init.constant_(regress.bias, 1.0)


def layers(size: str, class_count: int) -> list[tuple[Source, nn.Module]]:
    """Backbone, neck and head of a size."""
    width, depth = SIZES[size]
    backbone = Backbone(width, depth)
    neck = Neck(backbone.channels, width, depth)
    return [(-1, backbone), (-1, neck), (-1, Head(class_count, neck.channels))]
