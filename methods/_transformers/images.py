"""Prepares images for the models: resized by their own rule, normalised, batched with images of the same size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_SMALLEST_PX = 16
"""smallest side after resizing, because the backbone halves it five times"""
_STRIDES = (8, 16, 32, 64)
"""strides of the maps whose cells the model chooses its queries from"""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A prepared image. pixels: (3, H, W) float; valid: height and width of the image in it, the rest is padding."""

    pixels: Any
    valid: tuple[int, int]

    @property
    def mask(self) -> Any:
        """The mask (H, W) int64, one where the image is."""
        import torch

        mask = torch.zeros(self.pixels.shape[1:], dtype=torch.long)
        mask[: self.valid[0], : self.valid[1]] = 1
        return mask


def make_processor(shorter_px: int, longer_px: int) -> Any:
    """The library's processor for Grounding DINO: resizes to those sides and normalises by ImageNet's statistics."""
    from transformers import GroundingDinoImageProcessor

    return GroundingDinoImageProcessor(size={"shortest_edge": shorter_px, "longest_edge": longer_px}, do_pad=False)


def prepare_image(processor: Any, image: NDArray[np.uint8], queries: int) -> Prepared:
    """Prepare a uint8 (H, W, 3) RGB image; it is padded where it has fewer cells than the model has queries."""
    from torch.nn.functional import pad

    image = not_too_narrow(image, processor.size["longest_edge"])
    pixels = processor(images=[np.array(image)], return_tensors="pt")["pixel_values"][0]
    valid = (int(pixels.shape[1]), int(pixels.shape[2]))
    side = _STRIDES[-1]
    while cells(max(valid[0], side), max(valid[1], side)) < queries:
        side += _STRIDES[-1]
    if cells(*valid) < queries:
        pixels = pad(pixels, (0, max(0, side - valid[1]), 0, max(0, side - valid[0])))
    return Prepared(pixels, valid)


def not_too_narrow(image: NDArray[np.uint8], longer_px: int) -> NDArray[np.uint8]:
    """The image, stretched where resizing its longer side to `longer_px` would leave less than one pixel of the other.

    The libraries' resizing would then give an image without pixels, which no backbone accepts.
    """
    height, width = image.shape[:2]
    least = max(_SMALLEST_PX, -(-max(height, width) // longer_px))
    if min(height, width) >= least:
        return image
    return np.asarray(Image.fromarray(image).resize((max(width, least), max(height, least))))


def cells(height: int, width: int) -> int:
    """The number of cells of all maps of an image of that size in pixels."""
    return sum(-(-height // stride) * -(-width // stride) for stride in _STRIDES)


def by_size(images: Sequence[Prepared]) -> list[list[int]]:
    """Positions of the images, grouped by size: batches without padding give the same results as single images."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for i, image in enumerate(images):
        groups.setdefault((*image.pixels.shape, *image.valid), []).append(i)
    return list(groups.values())
