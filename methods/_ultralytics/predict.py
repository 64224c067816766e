"""Runs a YOLO model on images of any size; detections are in pixels of the original image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torchvision.ops import nms
from ultralytics.data.augment import LetterBox
from ultralytics.utils.ops import clip_boxes, scale_boxes, xywh2xyxy

from benchmark.core.detections import Detections
from benchmark.core.detector import Limits
from methods._torch.detections import scores_enough, to_detections

_ROW = 6
_MOST_CANDIDATES, _APART_PX = 30_000, 7_680
"""the library's limit of candidates per image, and its shift of boxes between classes"""
_AT_ONCE = 2_000
"""up to this many candidates one NMS over all classes is faster than one per class"""


def letterbox(images: Sequence[NDArray[np.uint8]], side_px: int) -> Tensor:
    """uint8 (H, W, 3) RGB images to one batch (B, 3, side, side), float32 in [0, 1], aspect kept, grey padding."""
    fit = LetterBox((side_px, side_px), auto=False, stride=32)
    stacked = np.stack([np.asarray(fit(image=image)) for image in images])
    return torch.from_numpy(np.ascontiguousarray(stacked.transpose(0, 3, 1, 2))).float() / 255


@torch.inference_mode()
def detect(
    model: nn.Module,
    images: Sequence[NDArray[np.uint8]],
    side_px: int,
    class_count: int,
    limits: Limits,
) -> list[Detections]:
    """One Detections per image."""
    if not images:
        return []
    batch = letterbox(images, side_px).to(next(model.parameters()).device)
    output = model(batch)
    raw = output[0] if isinstance(output, (list, tuple)) else output
    kept = suppress(raw, class_count, limits)
    sides = (side_px, side_px)
    return [
        _to_detections(rows, sides, (image.shape[0], image.shape[1])) for rows, image in zip(kept, images, strict=True)
    ]


def suppress(raw: Tensor, class_count: int, limits: Limits) -> list[Tensor]:
    """The boxes that NMS keeps: per image rows (n, 6) of xyxy, score and class, best first.

    They equal those of the library's `non_max_suppression` to the bit, except that a score equal to the threshold is
    kept, as in every method. A box may have several classes. Each class has its own NMS: the library compares up to
    30,000 candidates across all classes, which takes seconds per image where scores are close to each other.

    raw: (B, 4 + classes, A), xywh and scores, or (B, n, 6) of a head that needs no NMS.
    """
    if raw.shape[-1] == _ROW:
        return [
            rows[scores_enough(rows[:, 4], limits.score_threshold)][: limits.max_detections]
            for rows in raw  # best first already
        ]
    kept = []
    for candidates in raw.transpose(-1, -2):
        boxes, scores = candidates[:, :4], candidates[:, 4 : 4 + class_count]
        place, label = torch.where(scores_enough(scores, limits.score_threshold))
        boxed = torch.cat([xywh2xyxy(boxes[place]), scores[place, label, None], label[:, None].float()], dim=1)
        if len(boxed) > _MOST_CANDIDATES:
            boxed = boxed[boxed[:, 4].argsort(descending=True)[:_MOST_CANDIDATES]]
        kept.append(boxed[_unsuppressed(boxed, limits.nms_iou)[: limits.max_detections]])
    return kept


def _unsuppressed(boxed: Tensor, nms_iou: float) -> Tensor:
    """Indices of rows that no better row of their class overlaps by more than `nms_iou`, best first."""
    # Classes are shifted apart as in the library, because the shift rounds coordinates, which can decide close cases.
    apart, scores, labels = boxed[:, :4] + boxed[:, 5:] * _APART_PX, boxed[:, 4], boxed[:, 5]
    if len(boxed) <= _AT_ONCE:
        return nms(apart, scores, nms_iou)
    by_class = labels.argsort(stable=True).split(labels.long().bincount().tolist())
    kept = torch.cat([rows[nms(apart[rows], scores[rows], nms_iou)] for rows in by_class if len(rows)]).sort().values
    return kept[scores[kept].argsort(descending=True, stable=True)]


def _to_detections(rows: Tensor, batch_hw: tuple[int, int], image_hw: tuple[int, int]) -> Detections:
    boxes = clip_boxes(scale_boxes(batch_hw, rows[:, :4].clone(), image_hw), image_hw)
    return to_detections(boxes, rows[:, 4], rows[:, 5])
