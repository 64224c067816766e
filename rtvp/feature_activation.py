"""CIoU-optimised feature activation: an auxiliary box head on the refined prompts, used in training only."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torchvision.ops import complete_box_iou_loss

from rtvp._blocks import conv_bn
from rtvp.config import STRIDES

BINS, WIDTH = 16, 64


def cell_centres_px(features: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Centres (A, 2) as x, y and strides (A, 1) in image pixels of all cells of P3, P4, P5, row by row."""
    centres, strides = [], []
    for feature, stride in zip(features, STRIDES, strict=True):
        height, width = feature.shape[-2:]
        ys, xs = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        xy = torch.stack([xs, ys], dim=-1).reshape(-1, 2).to(feature.device, torch.float32)
        centres.append((xy + 0.5) * stride)
        strides.append(torch.full_like(centres[-1][:, :1], stride))
    return torch.cat(centres), torch.cat(strides)


def centre_assignment(centres_px: Tensor, boxes_px: Tensor, image_index: Tensor, batch: int) -> tuple[Tensor, Tensor]:
    """Assign each cell to the smallest box that contains its centre.

    boxes_px (N, 4) xyxy, image_index (N,) to targets (B, A, 4) xyxy px and weights (B, A), 0 outside all boxes.
    """
    targets = centres_px.new_zeros(batch, len(centres_px), 4)
    weights = centres_px.new_zeros(batch, len(centres_px))
    areas = (boxes_px[:, 2:] - boxes_px[:, :2]).prod(dim=1)
    for row in torch.argsort(areas, descending=True, stable=True).tolist():  # smaller boxes overwrite larger ones
        box, image = boxes_px[row], int(image_index[row])
        inside = ((centres_px > box[:2]) & (centres_px < box[2:])).all(dim=1)
        targets[image, inside] = box
        weights[image, inside] = 1.0
    return targets, weights


def activation_loss(boxes_px: Tensor, targets_px: Tensor, weights: Tensor) -> Tensor:
    """Sum of w (1 - CIoU) / max(1, sum w): boxes (B, A, 4), targets (B, A, 4), weights (B, A), xyxy px, to a scalar.

    CIoU (Zheng et al. 2020) = IoU - rho^2 / c^2 - alpha v, v = 4/pi^2 (atan(w_b/h_b) - atan(w_a/h_a))^2,
    alpha = v / (1 - IoU + v) without gradient.
    """
    rows = weights > 0
    loss = complete_box_iou_loss(boxes_px[rows], targets_px[rows]) * weights[rows]
    return loss.sum() / weights.sum().clamp(min=1)


class ActivationHead(nn.Module):
    """A class-agnostic box branch per level: two 3x3 convolutions, then 16 bins per side, read as their expectation."""

    bins: Tensor

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            nn.Sequential(conv_bn(c, WIDTH), conv_bn(WIDTH, WIDTH), nn.Conv2d(WIDTH, 4 * BINS, 1)) for c in channels
        )
        self.register_buffer("bins", torch.arange(BINS, dtype=torch.float32), persistent=False)

    def forward(self, refined: Sequence[Tensor]) -> Tensor:
        """V3, V4, V5 to boxes (B, A, 4): xyxy in pixels of the network's input, one box per cell."""
        maps = [branch(v).flatten(2) for branch, v in zip(self.branches, refined, strict=True)]
        logits = torch.cat(maps, dim=2).float()
        batch, _, cells = logits.shape
        sides = logits.view(batch, 4, BINS, cells).softmax(dim=2).mul(self.bins.view(1, 1, -1, 1)).sum(dim=2)
        centres, strides = cell_centres_px(refined)
        sides = sides.transpose(1, 2) * strides
        return torch.cat([centres - sides[..., :2], centres + sides[..., 2:]], dim=-1)
