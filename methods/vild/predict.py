"""Runs the library's own prediction: resize, propose, classify, NMS per class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmark.core.detections import Detections
from benchmark.core.detector import Limits
from methods._transformers.images import not_too_narrow


@torch.inference_mode()
def detect(model: Any, images: Sequence[NDArray[np.uint8]], limits: Limits) -> list[Detections]:
    """One Detections per image.

    A batch holds images of one size, because the library pads others and padding changes the detections.
    """
    heads, device = model.roi_heads, next(model.parameters()).device
    # The library keeps scores above its threshold, the contract also those that equal it.
    heads.score_thresh = float(np.nextafter(np.float32(limits.score_threshold), np.float32(-1)))
    heads.nms_thresh, heads.detections_per_img = limits.nms_iou, limits.max_detections
    shaped = [not_too_narrow(image, model.transform.max_size) for image in images]
    groups: dict[tuple[int, ...], list[int]] = {}
    for i, image in enumerate(shaped):
        groups.setdefault(image.shape, []).append(i)
    made: dict[int, Detections] = {}
    for positions in groups.values():
        answers = model([as_tensor(shaped[i]).to(device) for i in positions])
        for i, answer in zip(positions, answers, strict=True):
            made[i] = _in_pixels(answer, shaped[i].shape[:2], images[i].shape[:2])
    return [made[i] for i in range(len(images))]


def as_tensor(image: NDArray[np.uint8]) -> torch.Tensor:
    """uint8 (H, W, 3) RGB to (3, H, W) float in [0, 1], as the library takes it."""
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1))).float() / 255


def _in_pixels(answer: Any, seen_hw: tuple[int, ...], image_hw: tuple[int, ...]) -> Detections:
    """The library's output, xyxy in the image it was given, as detections in pixels of the original image."""
    (seen_h, seen_w), (height, width) = seen_hw, image_hw
    scale = np.array([width / seen_w, height / seen_h] * 2, np.float32)
    limit = np.array([width, height] * 2, np.float32)
    return Detections(
        np.clip(answer["boxes"].cpu().numpy().astype(np.float32) * scale, 0, limit),
        answer["scores"].clamp(0, 1).cpu().numpy().astype(np.float32),
        answer["labels"].cpu().numpy().astype(np.int64) - 1,  # 0 is the background
    )
