"""PP-YOLOE's loss: varifocal classification, GIoU and distribution focal regression, with two assigners in turn.

ATSS (Zhang et al., CVPR 2020, algorithm 1) assigns boxes to cells in the first part of the training, task alignment
(Feng et al., TOOD, ICCV 2021; the library's assigner with alpha 1, beta 6 and 13 candidates) in the rest.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from ultralytics.utils.metrics import bbox_iou
from ultralytics.utils.tal import TaskAlignedAssigner

from methods.pp_yoloe.network import REG_MAX, Head

CLASS_GAIN, IOU_GAIN, DFL_GAIN = 1.0, 2.5, 0.5
_CANDIDATES = 9
_CELL = 5.0
"""side of ATSS' anchor in cells"""


class AlignedLoss:
    """The three terms of the loss on a Head's raw maps. `updates` counts finished epochs; call `update` after each.

    static_epochs: number of epochs, possibly fractional, in which ATSS assigns.
    """

    loss_names = ("cls_loss", "iou_loss", "dfl_loss")

    def __init__(self, head: Head, static_epochs: float) -> None:
        self.head, self.static_epochs, self.updates = head, static_epochs, 0
        self.aligned = TaskAlignedAssigner(topk=13, num_classes=head.nc, alpha=1.0, beta=6.0)

    def update(self) -> None:
        """Count a finished epoch."""
        self.updates += 1

    @property
    def static(self) -> bool:
        """Whether ATSS assigns in this epoch."""
        return self.updates < self.static_epochs

    def __call__(self, preds: Any, batch: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """The terms times the batch size, and the terms by name, detached.

        batch: batch_idx (N,), cls (N,), bboxes (N, 4) xywh in shares of the image, img (B, 3, H, W).
        """
        raw: list[Tensor] = preds[1] if isinstance(preds, tuple) else preds
        logits, distances, points, strides = self.head.flatten(raw)
        predicted = self.head.boxes(distances, points)  # in cells of each level
        labels, boxes, valid = _padded(batch, logits.device)
        with torch.no_grad():
            targets, scores = self._assign(
                logits.detach().sigmoid(), predicted.detach() * strides, points * strides, strides, labels, boxes, valid
            )
        normaliser = scores.sum().clamp(min=1)
        terms = torch.stack(
            [
                CLASS_GAIN * _varifocal(logits, scores) / normaliser,
                *self._regression(predicted, distances, points, targets / strides, scores.sum(-1), normaliser),
            ]
        )
        return terms * len(batch["img"]), dict(zip(self.loss_names, terms.detach(), strict=True))

    def _assign(
        self,
        probabilities: Tensor,
        predicted_px: Tensor,
        points_px: Tensor,
        strides: Tensor,
        labels: Tensor,
        boxes: Tensor,
        valid: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Target boxes (B, N, 4) xyxy px and target scores (B, N, classes), zero where a cell has no box."""
        if boxes.shape[1] == 0:
            return torch.zeros_like(predicted_px), torch.zeros_like(probabilities)
        if not self.static:
            _, targets, scores, *_ = self.aligned(probabilities, predicted_px, points_px, labels, boxes, valid)
            return targets, scores
        counts = torch.unique_consecutive(strides.squeeze(1), return_counts=True)[1].tolist()
        targets, scores = torch.zeros_like(predicted_px), torch.zeros_like(probabilities)
        for i, (own, real) in enumerate(zip(boxes, valid.squeeze(-1).bool(), strict=True)):
            chosen = atss(points_px, strides, counts, own[real])
            cells = torch.nonzero(chosen >= 0).squeeze(1)
            which = chosen[cells]
            targets[i, cells] = own[real][which]
            overlap = bbox_iou(predicted_px[i, cells], targets[i, cells], xywh=False).squeeze(-1).clamp(0)
            scores[i, cells, labels[i, real, 0].long()[which]] = overlap.to(scores.dtype)
        return targets, scores

    def _regression(
        self, predicted: Tensor, distances: Tensor, points: Tensor, targets: Tensor, weights: Tensor, normaliser: Tensor
    ) -> tuple[Tensor, Tensor]:
        """GIoU and distribution focal loss of the cells with a box; boxes in cells of their level."""
        taken = weights > 0
        if not taken.any():
            return predicted.sum() * 0, distances.sum() * 0
        weight, target = weights[taken], targets[taken]
        giou = bbox_iou(predicted[taken], target, xywh=False, GIoU=True).squeeze(-1)
        centres = points.expand(len(weights), -1, -1)[taken]
        sides = torch.cat([centres - target[:, :2], target[:, 2:] - centres], dim=1).clamp(0, REG_MAX - 0.01)
        logits = distances[taken].view(-1, REG_MAX + 1)
        dfl = distribution_focal(logits, sides.reshape(-1)).view(-1, 4).mean(1)
        return (
            IOU_GAIN * ((1 - giou) * weight).sum() / normaliser,
            DFL_GAIN * (dfl * weight).sum() / normaliser,
        )


def distribution_focal(logits: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy against the two bins around a real-valued target (Li et al., NeurIPS 2020, equation 6).

    logits (M, bins), target (M,) in [0, bins - 1) to (M,).
    """
    left = target.long()
    share = target - left
    both = F.log_softmax(logits, dim=-1).gather(1, torch.stack([left, left + 1], dim=1))
    return -(both[:, 0] * (1 - share) + both[:, 1] * share)


def _varifocal(logits: Tensor, scores: Tensor, alpha: float = 0.75, gamma: float = 2.0) -> Tensor:
    """Zhang et al., VarifocalNet, CVPR 2021, equation 2: q-weighted where q > 0, else alpha p^gamma. Summed."""
    weight = torch.where(scores > 0, scores, alpha * logits.detach().sigmoid() ** gamma)
    return (F.binary_cross_entropy_with_logits(logits, scores, reduction="none") * weight).sum()


def atss(points_px: Tensor, strides: Tensor, counts: list[int], boxes: Tensor) -> Tensor:
    """Per cell the index of its box in `boxes`, (G, 4) xyxy px: (N,), -1 for none.

    The nine cells per level nearest to a box's centre are its candidates. A candidate is assigned if its IoU with the
    box is at least the candidates' mean plus standard deviation and its centre is inside. counts: cells per level.
    """
    chosen = torch.full((len(points_px),), -1, dtype=torch.long, device=points_px.device)
    if not len(boxes):
        return chosen
    half = strides * _CELL / 2
    anchors = torch.cat([points_px - half, points_px + half], dim=1)
    overlap = bbox_iou(boxes[:, None], anchors[None], xywh=False).squeeze(-1)  # (G, N)
    distance = torch.cdist((boxes[:, :2] + boxes[:, 2:]) / 2, points_px)
    candidate = torch.zeros_like(overlap, dtype=torch.bool)
    start = 0
    for count in counts:
        nearest = distance[:, start : start + count].topk(min(_CANDIDATES, count), largest=False).indices + start
        candidate.scatter_(1, nearest, True)
        start += count
    of_candidates = torch.where(candidate, overlap, torch.nan)
    mean = of_candidates.nanmean(1, keepdim=True)
    spread = ((of_candidates - mean) ** 2).nansum(1, keepdim=True) / (candidate.sum(1, keepdim=True) - 1).clamp(min=1)
    inside = torch.cat([points_px[None] - boxes[:, None, :2], boxes[:, None, 2:] - points_px[None]], dim=2).amin(2) > 0
    assigned = candidate & inside & (overlap >= mean + spread.sqrt())
    best, which = torch.where(assigned, overlap, -1.0).max(0)
    chosen[best >= 0] = which[best >= 0]
    return chosen


def _padded(batch: dict[str, Tensor], device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """The batch's labels (B, G, 1), boxes (B, G, 4) xyxy px, and which are no padding (B, G, 1)."""
    image = batch["batch_idx"].to(device).long()
    height, width = batch["img"].shape[-2:]
    xywh = batch["bboxes"].to(device) * torch.tensor([width, height, width, height], device=device)
    xyxy = torch.cat([xywh[:, :2] - xywh[:, 2:] / 2, xywh[:, :2] + xywh[:, 2:] / 2], dim=1)
    size = len(batch["img"])
    counts = torch.bincount(image, minlength=size)
    most = int(counts.max()) if len(image) else 0
    labels, boxes = xyxy.new_zeros(size, most, 1), xyxy.new_zeros(size, most, 4)
    valid = xyxy.new_zeros(size, most, 1)
    for i in range(size):
        own = image == i
        n = int(own.sum())
        labels[i, :n, 0], boxes[i, :n], valid[i, :n] = batch["cls"].to(device).view(-1)[own].float(), xyxy[own], 1
    return labels, boxes, valid
