"""The feature maps that a detector's head reads, per level, for figures of features and saliency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.core.detector import Explanation
from methods._ultralytics.predict import letterbox


@torch.inference_mode()
def explain_head(model: Any, images: Sequence[NDArray[np.uint8]], side_px: int) -> list[Explanation]:
    """The inputs of the model's last layer for uint8 (H, W, 3) RGB images and the names that were set."""
    read: list[list[Tensor]] = []
    # A copy of the list: the head writes its outputs into the list that it is given.
    hook = model.model[-1].register_forward_pre_hook(lambda _layer, inputs: read.append(list(inputs[0])))
    try:
        model(letterbox(images, side_px).to(next(model.parameters()).device))
    finally:
        hook.remove()
    return explanations(read[-1], {}, images, side_px)


def explanations(
    features: Sequence[Tensor],
    maps: Mapping[str, Sequence[Tensor]],
    images: Sequence[NDArray[np.uint8]],
    side_px: int,
) -> list[Explanation]:
    """One Explanation per image, on the CPU, from batches of levels (B, C, h, w) and maps (B, h, w)."""
    levels = [_array(level) for level in features]
    named = {name: [_array(level) for level in value] for name, value in maps.items()}
    named["features"] = [np.abs(level).mean(axis=1) for level in levels]
    return [
        Explanation(
            tuple(level[i] for level in levels),
            {name: tuple(level[i] for level in value) for name, value in named.items()},
            covered_xyxy((image.shape[0], image.shape[1]), side_px),
        )
        for i, image in enumerate(images)
    ]


def covered_xyxy(image_hw: tuple[int, int], side_px: int) -> tuple[float, float, float, float]:
    """The square of a letterboxed image as xyxy in pixels of the original image; padding has coordinates outside it."""
    height, width = image_hw
    scale = min(side_px / height, side_px / width)
    across, down = (side_px / scale - width) / 2, (side_px / scale - height) / 2
    return -across, -down, width + across, height + down


def _array(level: Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = level.float().cpu().numpy()
    return array
