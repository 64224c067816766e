"""Prepares images as mmdet's pipelines do for GLIP: BGR, resized by Pillow; the model itself normalises and pads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from mmdet.datasets.transforms.transforms import imrescale
from mmdet.structures import DetDataSample
from numpy.typing import NDArray
from PIL import Image

_SMALLEST_PX = 16
"""smallest side after resizing: no box fits into one pixel, because its sides end with their last pixel"""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A prepared image. pixels: (3, H, W) uint8 BGR; meta: the library's facts about the image."""

    pixels: torch.Tensor
    meta: dict[str, Any]


def prepare_image(image: NDArray[np.uint8], shorter_px: int, longer_px: int) -> Prepared:
    """uint8 (H, W, 3) RGB, resized with its aspect kept until one side meets its limit."""
    height, width = image.shape[:2]
    bgr = np.ascontiguousarray(image[..., ::-1])
    scale = min(shorter_px / min(height, width), longer_px / max(height, width))
    if min(height, width) * scale < _SMALLEST_PX:
        sides = [max(_SMALLEST_PX, int(side * scale)) for side in (width, height)]
        small = np.asarray(Image.fromarray(bgr).resize(sides, Image.Resampling.BILINEAR))
    else:
        small = imrescale(bgr, (shorter_px, longer_px), interpolation="bilinear", backend="pillow")
    resized = small.shape[:2]
    meta = {
        "ori_shape": (height, width),
        "img_shape": resized,
        "scale_factor": (resized[1] / width, resized[0] / height),
    }
    return Prepared(torch.from_numpy(np.ascontiguousarray(small.transpose(2, 0, 1))), meta)


def by_size(images: Sequence[Prepared]) -> list[list[int]]:
    """Positions of the images, grouped by size: batches without padding give the same results as single images."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for i, image in enumerate(images):
        groups.setdefault(tuple(image.pixels.shape), []).append(i)
    return list(groups.values())


def batch(model: Any, images: Sequence[Prepared], *, training: bool) -> tuple[torch.Tensor, list[Any]]:
    """Pixels (B, 3, H, W) on the model's device, normalised, and the library's facts about each image."""
    notes = [DetDataSample(metainfo=image.meta) for image in images]
    data = model.data_preprocessor({"inputs": [image.pixels for image in images], "data_samples": notes}, training)
    return data["inputs"], data["data_samples"]
