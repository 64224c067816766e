"""Turns tensors of scores and boxes into Detections."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.core.detections import Detections


def to_detections(xyxy: Tensor, scores: Tensor, labels: Tensor) -> Detections:
    """Detections of boxes (N, 4) in pixels of the original image, scores (N,) and labels (N,), on any device."""
    return Detections(
        xyxy.cpu().numpy().astype(np.float32),
        scores.clamp(0, 1).cpu().numpy().astype(np.float32),
        labels.cpu().numpy().astype(np.int64),
    )


def scores_enough(scores: Tensor, score_threshold: float) -> Tensor:
    """Which scores are kept, bool of their shape: those above 0 that reach the threshold (see core.detector.Limits)."""
    return (scores >= score_threshold) & (scores > 0)


def best_entries(table: Tensor, score_threshold: float, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Scores, rows and columns of the best `count` entries of a table (rows, columns) that reach the threshold."""
    values, flat = table.flatten().topk(min(count, table.numel()))
    enough = scores_enough(values, score_threshold)
    values, flat = values[enough], flat[enough]
    return values, flat // table.shape[1], flat % table.shape[1]


def by_class(scores: Tensor, labels: NDArray[np.int64], class_count: int) -> Tensor:
    """Scores (Q, texts) to (Q, classes): per class its best text, zero without one. labels: the class of each text."""
    index = torch.from_numpy(labels).to(scores.device).expand(len(scores), -1)
    return scores.new_zeros(len(scores), class_count).scatter_reduce(1, index, scores, "amax")


def inside(xyxy: Tensor, image_hw: tuple[int, ...]) -> Tensor:
    """Boxes (N, 4) cut at the border of an image of that height and width, in pixels."""
    height, width = image_hw[:2]
    return torch.minimum(xyxy.clamp(min=0), xyxy.new_tensor([width, height, width, height]))
