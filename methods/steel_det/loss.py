"""The loss of "Objects as Points": focal loss on a heat map with Gaussian centres, L1 on sizes and offsets."""

from __future__ import annotations

from math import sqrt
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from methods.steel_det.network import CentreHead

SIZE_GAIN = 0.1
_LEAST_OVERLAP = 0.7


class CentreLoss:
    """The three terms of the loss on a CentreHead's raw map, each divided by the number of boxes."""

    loss_names = ("heat_loss", "size_loss", "offset_loss")

    def __init__(self, head: CentreHead) -> None:
        self.head = head

    def __call__(self, preds: Any, batch: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """The terms times the batch size, and the terms by name, detached.

        batch: batch_idx (N,), cls (N,), bboxes (N, 4) xywh in shares of the image, img (B, 3, H, W).
        """
        maps: Tensor = (preds[1] if isinstance(preds, tuple) else preds)[0]
        height, width = maps.shape[2:]
        boxes = batch["bboxes"].to(maps) * maps.new_tensor([width, height, width, height])  # xywh in cells
        image, label = batch["batch_idx"].to(maps.device).long(), batch["cls"].to(maps.device).view(-1).long()
        centre = boxes[:, :2].clamp(min=0).minimum(maps.new_tensor([width - 1e-3, height - 1e-3]))
        column, row = centre.long().unbind(1)
        with torch.no_grad():
            heat = heat_map((len(maps), self.head.nc, height, width), image, label, row, column, boxes[:, 2:])
        count = max(len(boxes), 1)
        at = maps[image, self.head.nc :, row, column]
        terms = torch.stack(
            [
                focal(maps[:, : self.head.nc], heat) / count,
                SIZE_GAIN * F.l1_loss(at[:, :2], boxes[:, 2:], reduction="sum") / count,
                F.l1_loss(at[:, 2:], centre - centre.floor(), reduction="sum") / count,
            ]
        )
        return terms * len(batch["img"]), dict(zip(self.loss_names, terms.detach(), strict=True))


def radius(width: float, height: float) -> float:
    """How many cells both corners may move while the box keeps an IoU of 0.7 with the original (CornerNet).

    The smallest value over the three ways to move them: one in and one out, both in, both out.
    """
    o, total, area = _LEAST_OVERLAP, width + height, width * height
    shifted = (total - sqrt(total**2 - 4 * area * (1 - o) / (1 + o))) / 2
    inside = (total - sqrt(total**2 - 4 * area * (1 - o))) / 4
    outside = (-o * total + sqrt((o * total) ** 2 + 4 * o * area * (1 - o))) / (4 * o)
    return min(shifted, inside, outside)


def heat_map(
    shape: tuple[int, int, int, int], image: Tensor, label: Tensor, row: Tensor, column: Tensor, sizes: Tensor
) -> Tensor:
    """Target (B, classes, H, W): a Gaussian per centre, one at the centre; the larger value where two overlap."""
    heat = sizes.new_zeros(shape)
    for i, (w, h) in enumerate(sizes.tolist()):
        r = max(0, int(radius(max(w, 1e-3), max(h, 1e-3))))
        sigma = (2 * r + 1) / 6
        y, x = int(row[i]), int(column[i])
        top, left = max(0, y - r), max(0, x - r)
        rows = torch.arange(top, min(shape[2], y + r + 1), device=heat.device) - y
        columns = torch.arange(left, min(shape[3], x + r + 1), device=heat.device) - x
        bump = torch.exp(-(rows[:, None] ** 2 + columns[None] ** 2) / (2 * sigma**2))
        part = heat[image[i], label[i], top : top + len(rows), left : left + len(columns)]
        torch.maximum(part, bump.to(heat.dtype), out=part)
    return heat


def focal(logits: Tensor, heat: Tensor) -> Tensor:
    """Focal loss (equation 1 of the paper, alpha 2, beta 4), summed; logits and heat: (B, classes, H, W)."""
    p = logits.sigmoid()
    positive = -F.logsigmoid(logits) * (1 - p) ** 2
    negative = -F.logsigmoid(-logits) * p**2 * (1 - heat) ** 4
    return torch.where(heat == 1, positive, negative).sum()
