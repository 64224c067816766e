"""Images to one square batch, a table of scores to the best detections in pixels of the original image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torchvision.ops import batched_nms

from benchmark.core.detections import Detections
from benchmark.core.detector import Limits


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

    logits: (Q, texts); cxcywh: (Q, 4); classes: the class of each text, number of classes; sizes: height and width of
    the image, width and height that the boxes are shares of; nms: whether boxes of one class suppress each other.
    """
    kept = limits.max_detections
    scores = _by_class(logits.sigmoid(), *classes)
    candidates = max(kept, len(scores)) if nms else kept
    values, flat = scores.flatten().topk(min(candidates, scores.numel()))
    enough = (values >= limits.score_threshold) & (values > 0)
    values, flat = values[enough], flat[enough]
    query, label = flat // scores.shape[1], flat % scores.shape[1]
    (height, width), frame = sizes[0][:2], sizes[1]
    centre, half = cxcywh[query, :2], cxcywh[query, 2:] / 2
    xyxy = torch.cat([centre - half, centre + half], dim=1) * cxcywh.new_tensor([*frame, *frame])
    if nms:
        chosen = batched_nms(xyxy, values, label, limits.nms_iou)
        xyxy, values, label = xyxy[chosen], values[chosen], label[chosen]
    xyxy = torch.minimum(xyxy.clamp(min=0), xyxy.new_tensor([width, height, width, height]))
    return Detections(
        xyxy[:kept].cpu().numpy().astype(np.float32),
        values[:kept].clamp(0, 1).cpu().numpy().astype(np.float32),
        label[:kept].cpu().numpy().astype(np.int64),
    )


def _by_class(scores: torch.Tensor, labels: NDArray[np.int64], class_count: int) -> torch.Tensor:
    """(Q, texts) to (Q, classes): a class scores as its best text."""
    index = torch.from_numpy(labels).to(scores.device).expand(len(scores), -1)
    return scores.new_zeros(len(scores), class_count).scatter_reduce(1, index, scores, "amax")
