"""Prepares a square batch of images, and turns a table of scores into detections in pixels of the original image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torchvision.ops import batched_nms, box_convert

from benchmark.core.detections import Detections
from benchmark.core.detector import Limits
from methods._torch.detections import best_entries, by_class, inside, to_detections


def prepare_square(processor: Any, images: Sequence[NDArray[np.uint8]]) -> torch.Tensor:
    """uint8 (H, W, 3) RGB images of any sizes to (B, 3, side, side), resized and normalised by the library's rule."""
    pixels: torch.Tensor = processor(
        images=[np.array(image) for image in images], return_tensors="pt", input_data_format="channels_last"
    )["pixel_values"]
    return pixels


def best(
    logits: torch.Tensor,
    cxcywh: torch.Tensor,
    classes: tuple[NDArray[np.int64], int],
    sizes: tuple[tuple[int, ...], tuple[int, int]],
    limits: Limits,
    *,
    nms: bool,
) -> Detections:
    """The best pairs of query and class.

    Args:
        logits: (Q, texts).
        cxcywh: (Q, 4).
        classes: the class of each text, and the number of classes.
        sizes: height and width of the image; width and height that the boxes are shares of.
        limits: of the task.
        nms: whether NMS is applied per class.
    """
    kept = limits.max_detections
    scores = by_class(logits.sigmoid(), *classes)
    values, query, label = best_entries(scores, limits.score_threshold, max(kept, len(scores)) if nms else kept)
    xyxy = box_convert(cxcywh[query], "cxcywh", "xyxy") * cxcywh.new_tensor([*sizes[1], *sizes[1]])
    if nms:
        chosen = batched_nms(xyxy, values, label, limits.nms_iou)
        xyxy, values, label = xyxy[chosen], values[chosen], label[chosen]
    return to_detections(inside(xyxy, sizes[0])[:kept], values[:kept], label[:kept])
