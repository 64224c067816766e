"""Images of any size through a YOLO head to detections in pixels of the original image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from ultralytics.data.augment import LetterBox
from ultralytics.utils.nms import non_max_suppression
from ultralytics.utils.ops import clip_boxes, scale_boxes

from benchmark.core.detections import Detections

_NO_TIME_LIMIT_S = 3600.0


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
    limits: tuple[float, float, int],
) -> list[Detections]:
    """One Detections an image. limits: least score, NMS IoU, detections kept an image."""
    if not images:
        return []
    score_threshold, nms_iou, max_detections = limits
    batch = letterbox(images, side_px).to(next(model.parameters()).device)
    output = model(batch)
    raw = output[0] if isinstance(output, (list, tuple)) else output
    kept = non_max_suppression(
        raw,
        score_threshold,
        nms_iou,
        multi_label=True,
        max_det=max_detections,
        nc=class_count,
        # The library gives up after a time limit and silently returns fewer boxes; a score may not depend on speed.
        max_time_img=_NO_TIME_LIMIT_S,
    )
    sides = (side_px, side_px)
    return [
        _to_detections(rows, sides, (image.shape[0], image.shape[1])) for rows, image in zip(kept, images, strict=True)
    ]


def _to_detections(rows: Tensor, batch_hw: tuple[int, int], image_hw: tuple[int, int]) -> Detections:
    boxes = clip_boxes(scale_boxes(batch_hw, rows[:, :4].clone(), image_hw), image_hw)
    return Detections(
        boxes.cpu().numpy().astype(np.float32),
        rows[:, 4].clamp(0, 1).cpu().numpy().astype(np.float32),
        rows[:, 5].cpu().numpy().astype(np.int64),
    )
