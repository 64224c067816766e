"""The anchor-based head of the YOLOv5 generation and its loss, for methods that were published with it.

Formulas: G. Jocher, "YOLOv5 by Ultralytics", 2020, doi:10.5281/zenodo.3908559 (its documentation's page on the
architecture: box regression, build targets, losses).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from ultralytics.utils.metrics import bbox_iou

COCO_ANCHORS_PX = (
    ((10, 13), (16, 30), (33, 23)),
    ((30, 61), (62, 45), (59, 119)),
    ((116, 90), (156, 198), (373, 326)),
)
"""width and height of the three anchors of P3, P4, P5"""
MAX_RATIO = 4.0
"""a box is assigned to an anchor if neither its width nor its height differs by more than this factor"""
BALANCE = (4.0, 1.0, 0.4)
"""weights of the levels in the objectness loss"""


class AnchorHead(nn.Module):
    """A 1x1 convolution per level, which predicts a box, an objectness and class scores for each of A anchors.

    channels: of the levels it reads. In training it returns a list of raw maps (B, A, H, W, 5 + classes), else
    ((B, 4 + classes, N), raw): xywh in pixels of the input, class scores = objectness x class probability.
    """

    stride: Tensor
    convs: Any
    """an nn.ModuleList, one convolution per level"""

    def __init__(
        self, class_count: int, channels: Sequence[int], anchors_px: Sequence[Sequence[Sequence[float]]]
    ) -> None:
        super().__init__()
        self.nc, self.nl = class_count, len(channels)
        self.register_buffer("anchors_px", torch.tensor(anchors_px).float())  # (levels, A, 2)
        self.convs = nn.ModuleList(nn.Conv2d(c, len(anchors_px[0]) * (5 + class_count), 1) for c in channels)
        self.stride = torch.zeros(self.nl)

    def forward(self, levels: list[Tensor]) -> Any:
        """See the class."""
        anchors = self.get_buffer("anchors_px")
        raw = []
        for conv, level in zip(self.convs, levels, strict=True):
            batch, _, height, width = level.shape
            maps = conv(level).view(batch, anchors.shape[1], 5 + self.nc, height, width)
            raw.append(maps.permute(0, 1, 3, 4, 2).contiguous())
        if self.training:
            return raw
        return torch.cat([self._decode(i, maps) for i, maps in enumerate(raw)], dim=2), raw

    def bias_init(self) -> None:
        """Start with eight objects per 640 px image and equally likely classes (focal-loss paper, section 3.3)."""
        for conv, stride in zip(self.convs, self.stride.tolist(), strict=True):
            bias = conv.bias.detach().view(-1, 5 + self.nc)
            bias[:, 4] += log(8 / (640 / stride) ** 2)
            bias[:, 5:] += log(0.6 / (self.nc - 0.99999)) if self.nc > 1 else 0.0

    def boxes(self, level: int, values: Tensor, cells: Tensor, anchors_px: Tensor) -> Tensor:
        """Raw (..., 4) to xywh in pixels: xy = (2 s(t) - 0.5 + cell) stride, wh = (2 s(t))^2 anchor; cells (..., 2)."""
        squashed = values.sigmoid()
        centre = (squashed[..., :2] * 2 - 0.5 + cells) * self.stride[level]
        return torch.cat([centre, (squashed[..., 2:4] * 2) ** 2 * anchors_px], dim=-1)

    def _decode(self, level: int, maps: Tensor) -> Tensor:
        batch, _, height, width, _ = maps.shape
        rows, columns = torch.meshgrid(
            torch.arange(height, device=maps.device), torch.arange(width, device=maps.device), indexing="ij"
        )
        cells = torch.stack([columns, rows], dim=-1).to(maps.dtype)
        anchors = self.get_buffer("anchors_px")[level].to(maps.dtype)[:, None, None]
        xywh = self.boxes(level, maps[..., :4], cells, anchors)
        scores = maps[..., 4:5].sigmoid() * maps[..., 5:].sigmoid()
        return torch.cat([xywh, scores], dim=-1).reshape(batch, -1, 4 + self.nc).transpose(1, 2)


class AnchorLoss:
    """Box (1 - CIoU), objectness (binary cross-entropy against the CIoU) and class loss of an AnchorHead's raw maps.

    gains: of the three terms; they are scaled with levels, classes and image size as published.
    """

    loss_names = ("box_loss", "obj_loss", "cls_loss")

    def __init__(self, head: AnchorHead, gains: tuple[float, float, float]) -> None:
        self.head, self.gains = head, gains

    def __call__(self, raw: Any, batch: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """The three terms times the batch size, and the same detached by name.

        batch: batch_idx (N,), cls (N,), bboxes (N, 4) xywh in shares of the image, img (B, 3, H, W).
        """
        maps: list[Tensor] = raw[1] if isinstance(raw, tuple) else raw
        height, width = batch["img"].shape[-2:]
        device = maps[0].device
        xywh_px = batch["bboxes"].to(device) * torch.tensor([width, height, width, height], device=device)
        image, label = batch["batch_idx"].to(device).long(), batch["cls"].to(device).view(-1).long()
        box, objectness, classes = (torch.zeros((), device=device) for _ in range(3))
        for level, level_maps in enumerate(maps):
            part = self._level(level, level_maps, image, label, xywh_px)
            box, objectness, classes = box + part[0], objectness + BALANCE[level] * part[1], classes + part[2]
        levels = 3 / self.head.nl
        scale = (
            self.gains[0] * levels,
            self.gains[1] * levels * (max(height, width) / 640) ** 2,
            self.gains[2] * levels * self.head.nc / 80,
        )
        terms = torch.stack([term * gain for term, gain in zip((box, objectness, classes), scale, strict=True)])
        return terms * len(batch["img"]), dict(zip(self.loss_names, terms.detach(), strict=True))

    def _level(
        self, level: int, maps: Tensor, image: Tensor, label: Tensor, xywh_px: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        targets = torch.zeros_like(maps[..., 4])
        box = classes = maps.sum() * 0  # a level without boxes still has a graph
        which, anchor, row, column = self.assign(level, (maps.shape[2], maps.shape[3]), xywh_px)
        if len(which):
            values = maps[image[which], anchor, row, column]
            anchors = self.head.get_buffer("anchors_px")[level][anchor]
            predicted = self.head.boxes(level, values[:, :4], torch.stack([column, row], dim=1), anchors)
            iou = bbox_iou(predicted, xywh_px[which], xywh=True, CIoU=True).squeeze(-1)
            box = (1 - iou).mean()
            # Where several boxes share a cell, the objectness learns the best overlap.
            order = iou.detach().argsort()
            targets[image[which][order], anchor[order], row[order], column[order]] = (
                iou.detach().clamp(0)[order].to(targets.dtype)
            )
            if self.head.nc > 1:
                wanted = F.one_hot(label[which], self.head.nc).to(values.dtype)
                classes = F.binary_cross_entropy_with_logits(values[:, 5:], wanted)
        return box, F.binary_cross_entropy_with_logits(maps[..., 4], targets), classes

    def assign(self, level: int, grid: tuple[int, int], xywh_px: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The assignment of boxes to a level: indices of (box, anchor, row, column), each (M,).

        A box is assigned to every anchor of similar size, in its own cell and in the two cells nearest to its centre.
        grid: (rows, columns).
        """
        ratio = xywh_px[:, None, 2:] / self.head.get_buffer("anchors_px")[level]
        which, anchor = torch.nonzero(torch.maximum(ratio, 1 / ratio).amax(dim=2) < MAX_RATIO, as_tuple=True)
        centre = xywh_px[which, :2] / self.head.stride[level].to(xywh_px)  # in cells
        size = centre.new_tensor([grid[1], grid[0]])
        cell = centre.floor()
        within, far = centre - cell, (size - centre) - (size - centre).floor()
        left = (within < 0.5) & (centre > 1)
        right = (far < 0.5) & (size - centre > 1)
        steps = [(torch.ones(len(which), dtype=torch.bool, device=centre.device), (0, 0))]
        steps += [(left[:, 0], (-1, 0)), (left[:, 1], (0, -1)), (right[:, 0], (1, 0)), (right[:, 1], (0, 1))]
        chosen, cells = [], []
        for taken, step in steps:
            chosen.append(torch.nonzero(taken).squeeze(1))
            cells.append(cell[taken] + cell.new_tensor(step))
        index, places = torch.cat(chosen), torch.cat(cells).long()
        column, row = places[:, 0].clamp(0, grid[1] - 1), places[:, 1].clamp(0, grid[0] - 1)
        return which[index], anchor[index], row, column
