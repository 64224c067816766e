"""Mobile-SAM's image encoder: TinyViT-5M with SAM's neck, for any input whose sides are multiples of 16 px.

Parameter names are those of `mobile_sam.pt` (behind `image_encoder.`), so that its weights load unchanged. Window
grids follow the tensor's own height and width, and the attention bias is looked up from its parameter at each call:
there is no cached table that could be stale after loading.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

DIMS, DEPTHS, HEADS, WINDOWS = (64, 128, 160, 320), (2, 2, 6, 2), (2, 4, 5, 10), (7, 7, 14, 7)
PIXEL_MEAN, PIXEL_STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
"""SAM's statistics of RGB in 0..255"""
OUT_CHANNELS, STRIDE = 256, 16


class _ConvBN(nn.Module):
    def __init__(
        self, c_in: int, c_out: int, kernel: int = 1, stride: int = 1, groups: int = 1, scale: float = 1.0
    ) -> None:
        super().__init__()
        self.c = nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(c_out)
        nn.init.constant_(self.bn.weight, scale)

    def forward(self, x: Tensor) -> Tensor:
        """(B, c_in, H, W) to (B, c_out, H / stride, W / stride)."""
        return self.bn(self.c(x))


class _PatchEmbed(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.seq = nn.Sequential(_ConvBN(3, dim // 2, 3, 2), nn.GELU(), _ConvBN(dim // 2, dim, 3, 2))

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) to (B, dim, H/4, W/4)."""
        return self.seq(x)


class _MBConv(nn.Module):
    """Inverted bottleneck, expansion 4; the last norm starts at zero, so the block starts as the identity."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.conv1 = _ConvBN(dim, 4 * dim)
        self.conv2 = _ConvBN(4 * dim, 4 * dim, 3, groups=4 * dim)
        self.conv3 = _ConvBN(4 * dim, dim, scale=0.0)

    def forward(self, x: Tensor) -> Tensor:
        """Shape is kept."""
        y = self.conv3(F.gelu(self.conv2(F.gelu(self.conv1(x)))))
        return F.gelu(x + y)


class _PatchMerging(nn.Module):
    """Halves the grid, except before the last stage: SAM keeps stride 16 there."""

    def __init__(self, dim: int, dim_out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = _ConvBN(dim, dim_out)
        self.conv2 = _ConvBN(dim_out, dim_out, 3, stride, groups=dim_out)
        self.conv3 = _ConvBN(dim_out, dim_out)

    def forward(self, x: Tensor) -> Tensor:
        """(B, dim, H, W) to (B, dim_out, H / stride, W / stride)."""
        return self.conv3(F.gelu(self.conv2(F.gelu(self.conv1(x)))))


class _Attention(nn.Module):
    """Self-attention within a window, with a learned bias per head and absolute offset."""

    def __init__(self, dim: int, heads: int, window: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(dim)
        self.qkv, self.proj = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.attention_biases = nn.Parameter(torch.zeros(heads, window * window))
        side = torch.arange(window)
        rows, columns = (axis.flatten() for axis in torch.meshgrid(side, side, indexing="ij"))
        offsets = (rows[:, None] - rows).abs() * window + (columns[:, None] - columns).abs()
        self.register_buffer("offsets", offsets, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Windows (B, N, dim), N = window * window, to the same shape."""
        batch, positions, dim = x.shape
        # Queries, keys and values of one head lie side by side in the released weights.
        qkv = self.qkv(self.norm(x)).view(batch, positions, self.heads, 3, -1).permute(3, 0, 2, 1, 4)
        bias = self.attention_biases[:, self.get_buffer("offsets")].to(qkv.dtype)
        y = F.scaled_dot_product_attention(qkv[0], qkv[1], qkv[2], attn_mask=bias)
        return self.proj(y.transpose(1, 2).reshape(batch, positions, dim))


class _MLP(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.fc1, self.fc2 = nn.Linear(dim, 4 * dim), nn.Linear(4 * dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        """Shape is kept."""
        return self.fc2(F.gelu(self.fc1(self.norm(x))))


class _Block(nn.Module):
    """Window attention, depthwise convolution, perceptron; zero-padded to whole windows at the lower right."""

    def __init__(self, dim: int, heads: int, window: int) -> None:
        super().__init__()
        self.window = window
        self.attn = _Attention(dim, heads, window)
        self.mlp = _MLP(dim)
        self.local_conv = _ConvBN(dim, dim, 3, groups=dim)

    def forward(self, x: Tensor) -> Tensor:
        """(B, dim, H, W) to the same shape."""
        batch, dim, height, width = x.shape
        w = self.window
        tokens = F.pad(x.permute(0, 2, 3, 1), (0, 0, 0, -width % w, 0, -height % w))
        rows, columns = tokens.shape[1] // w, tokens.shape[2] // w
        windows = tokens.view(batch, rows, w, columns, w, dim).transpose(2, 3).reshape(-1, w * w, dim)
        tokens = self.attn(windows).view(batch, rows, columns, w, w, dim).transpose(2, 3)
        tokens = tokens.reshape(batch, rows * w, columns * w, dim)[:, :height, :width]
        x = self.local_conv(x + tokens.permute(0, 3, 1, 2))
        return x + self.mlp(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class _Stage(nn.Module):
    def __init__(self, index: int) -> None:
        super().__init__()
        dim = DIMS[index]
        make = (lambda: _MBConv(dim)) if index == 0 else (lambda: _Block(dim, HEADS[index], WINDOWS[index]))
        self.blocks = nn.ModuleList(make() for _ in range(DEPTHS[index]))
        last = index == len(DIMS) - 1
        self.downsample = None if last else _PatchMerging(dim, DIMS[index + 1], stride=1 if index == 2 else 2)

    def forward(self, x: Tensor) -> Tensor:
        """(B, dim, H, W) through the blocks, then merged where this is not the last stage."""
        for block in self.blocks:
            x = block(x)
        return x if self.downsample is None else self.downsample(x)


class _LayerNorm2d(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) normalised over C."""
        y = F.layer_norm(x.permute(0, 2, 3, 1), self.weight.shape, self.weight, self.bias, eps=1e-6)
        return y.permute(0, 3, 1, 2)


class SAMEncoder(nn.Module):
    """Image in [0, 1] to a stride-16 map of 256 channels.

    side_px: longer side that the encoder sees (None: the input's own). The input is resampled to it and the map
    back to the input's own stride-16 grid. Frozen means eval mode, no gradient, whatever `train()` is told.
    """

    def __init__(self, side_px: int | None = None) -> None:
        super().__init__()
        self.side_px, self.frozen = side_px, False
        self.patch_embed = _PatchEmbed(DIMS[0])
        self.layers = nn.ModuleList(_Stage(i) for i in range(len(DIMS)))
        self.neck = nn.Sequential(
            nn.Conv2d(DIMS[-1], OUT_CHANNELS, 1, bias=False),
            _LayerNorm2d(OUT_CHANNELS),
            nn.Conv2d(OUT_CHANNELS, OUT_CHANNELS, 3, padding=1, bias=False),
            _LayerNorm2d(OUT_CHANNELS),
        )
        self.register_buffer("mean", torch.tensor(PIXEL_MEAN).view(1, 3, 1, 1) / 255, persistent=False)
        self.register_buffer("std", torch.tensor(PIXEL_STD).view(1, 3, 1, 1) / 255, persistent=False)
        for module in self.modules():
            if isinstance(module, nn.Linear):  # for training from scratch; released weights replace it
                nn.init.trunc_normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)

    def freeze(self) -> None:
        """No gradient and running statistics from here on."""
        self.frozen = True
        self.requires_grad_(False)
        self.eval()

    def train(self, mode: bool = True) -> SAMEncoder:
        """As any module, except that a frozen encoder stays in eval mode."""
        if self.frozen:
            self.requires_grad_(False)
        return super().train(mode and not self.frozen)

    def load_released(self, state: Mapping[str, Any]) -> None:
        """Take the weights of `mobile_sam.pt` (or of its encoder alone); its unused classifier is left out.

        Raises ValueError naming the first tensor that is missing or of another shape.
        """
        prefix = "image_encoder."
        inside = any(name.startswith(prefix) for name in state)
        found = {n.removeprefix(prefix): t for n, t in state.items() if not inside or n.startswith(prefix)}
        for name, own in self.state_dict().items():
            if name not in found:
                raise ValueError(f"Mobile-SAM weights: {name} is missing, expected the keys of mobile_sam.pt")
            if found[name].shape != own.shape:
                got, want = tuple(found[name].shape), tuple(own.shape)
                raise ValueError(f"Mobile-SAM weights: {name} is {got}, expected {want}")
        self.load_state_dict({n: found[n] for n in self.state_dict()})

    def forward(self, image: Tensor) -> Tensor:
        """RGB (B, 3, H, W) in [0, 1] to (B, 256, H/16, W/16)."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            height, width = image.shape[-2:]
            x = (self._resample(image) - self.get_buffer("mean")) / self.get_buffer("std")
            x = self.patch_embed(x)
            for stage in self.layers:
                x = stage(x)
            x = self.neck(x)
            grid = (height // STRIDE, width // STRIDE)
            if x.shape[-2:] != grid:
                x = F.interpolate(x, size=grid, mode="bilinear", align_corners=False)
        return x

    def _resample(self, image: Tensor) -> Tensor:
        height, width = image.shape[-2:]
        if self.side_px is None or self.side_px == max(height, width):
            return image
        scale = self.side_px / max(height, width)
        size = [max(STRIDE, round(side * scale / STRIDE) * STRIDE) for side in (height, width)]
        return F.interpolate(image, size=size, mode="bilinear", align_corners=False, antialias=scale < 1)
