"""A centre-point detector: ResNet-18, deformable decoder with skip connections, summed maps, three heads.

After Zhou et al., "Objects as Points" (arXiv:1904.07850), with the two modules that the method's description names:
skip-layer connections from encoder to decoder (SCM) and a fusion of the decoder's pyramid (PFM).
"""

from __future__ import annotations

from math import log
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models import resnet18
from torchvision.ops import DeformConv2d

from methods._ultralytics.layers import Source

_ENCODER, _DECODER = (64, 128, 256, 512), (256, 128, 64)
_PRIOR = 0.1
"""initial score of every cell"""


class Encoder(nn.Module):
    """ResNet-18 without its classifier: image to strides 4, 8, 16, 32."""

    def __init__(self) -> None:
        super().__init__()
        net = resnet18(weights=None)
        self.stem = nn.Sequential(net.conv1, net.bn1, net.relu, net.maxpool)
        self.stages: Any = nn.ModuleList([net.layer1, net.layer2, net.layer3, net.layer4])

    def forward(self, x: Tensor) -> list[Tensor]:
        """(B, 3, H, W) to four maps, fine to coarse."""
        x = self.stem(x)
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return maps


class Deformable(nn.Module):
    """3x3 modulated deformable convolution (Zhu et al., CVPR 2019), batch norm, ReLU; starts as a plain one."""

    def __init__(self, c_in: int, c_out: int) -> None:
        super().__init__()
        self.offset = nn.Conv2d(c_in, 27, 3, padding=1)
        nn.init.zeros_(self.offset.weight)
        nn.init.zeros_(self.offset.bias)  # type: ignore[arg-type]  # there is a bias
        self.conv, self.bn = DeformConv2d(c_in, c_out, 3, padding=1, bias=False), nn.BatchNorm2d(c_out)

    def forward(self, x: Tensor) -> Tensor:
        """(B, c_in, H, W) to (B, c_out, H, W)."""
        offsets = torch.nan_to_num(self.offset(x))  # the operator reads out of bounds where an offset is NaN
        return F.relu(self.bn(self.conv(x, offsets[:, :18], offsets[:, 18:].sigmoid())))


class Decoder(nn.Module):
    """Three times deformable convolution, deconvolution and the encoder's map of that size; the sum of all maps."""

    def __init__(self) -> None:
        super().__init__()
        c_in = (_ENCODER[-1], *_DECODER[:-1])
        self.deform: Any = nn.ModuleList(Deformable(a, b) for a, b in zip(c_in, _DECODER, strict=True))
        self.up: Any = nn.ModuleList(
            nn.Sequential(nn.ConvTranspose2d(c, c, 4, 2, 1, bias=False), nn.BatchNorm2d(c), nn.ReLU()) for c in _DECODER
        )
        self.skip: Any = nn.ModuleList(nn.Conv2d(a, b, 1) for a, b in zip(_ENCODER[-2::-1], _DECODER, strict=True))
        self.fuse: Any = nn.ModuleList(nn.Conv2d(c, _DECODER[-1], 1) for c in _DECODER)

    def forward(self, levels: list[Tensor]) -> Tensor:
        """Encoder maps to (B, 64, H / 4, W / 4)."""
        x = levels[-1]
        maps = []
        for deform, up, skip, level in zip(self.deform, self.up, self.skip, levels[-2::-1], strict=True):
            x = up(deform(x)) + skip(level)
            maps.append(x)
        size = maps[-1].shape[2:]
        views = [
            F.interpolate(fuse(m), size=size, mode="bilinear", align_corners=False)
            for fuse, m in zip(self.fuse, maps, strict=True)
        ]
        return torch.stack(views).sum(0)


class CentreHead(nn.Module):
    """Heat map of centres, box sizes and offsets within a cell.

    Training: a list of one map (B, classes + 4, H, W): logits, width and height in cells, offset x and y in cells.
    Otherwise ((B, K, 6), raw): xyxy in pixels, score, class of the K best local maxima.
    """

    stride: Tensor
    max_det = 300

    def __init__(self, class_count: int) -> None:
        super().__init__()
        self.nc = class_count
        width = _DECODER[-1]
        self.branches: Any = nn.ModuleList(
            nn.Sequential(nn.Conv2d(width, width, 3, padding=1), nn.ReLU(), nn.Conv2d(width, c, 1))
            for c in (class_count, 2, 2)
        )
        self.stride = torch.zeros(1)

    def forward(self, x: Tensor) -> Any:
        """See the class."""
        raw = [torch.cat([branch(x) for branch in self.branches], dim=1)]
        return raw if self.training else (self._peaks(raw[0]), raw)

    def bias_init(self) -> None:
        """Initialise every cell as unlikely to be a centre."""
        nn.init.constant_(self.branches[0][-1].bias, -log((1 - _PRIOR) / _PRIOR))

    def _peaks(self, maps: Tensor) -> Tensor:
        heat = maps[:, : self.nc].sigmoid()
        heat = heat * (F.max_pool2d(heat, 3, 1, 1) == heat)
        height, width = heat.shape[2:]
        scores, index = heat.flatten(1).topk(min(self.max_det, heat[0].numel()))
        labels, cell = index // (height * width), index % (height * width)
        rest = maps[:, self.nc :].flatten(2).gather(2, cell[:, None].expand(-1, 4, -1)).transpose(1, 2)
        centre = torch.stack([cell % width, cell // width], dim=2) + rest[..., 2:]
        half = rest[..., :2].clamp(min=0) / 2
        xyxy = torch.cat([centre - half, centre + half], dim=2) * self.stride
        return torch.cat([xyxy, scores[..., None], labels[..., None].to(scores.dtype)], dim=2)


def layers(class_count: int) -> list[tuple[Source, nn.Module]]:
    """Encoder, decoder and head."""
    return [(-1, Encoder()), (-1, Decoder()), (-1, CentreHead(class_count))]
