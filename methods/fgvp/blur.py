"""The visual prompt: everything outside a mask is blurred."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter


def blur_reverse(image: NDArray[np.uint8], mask: NDArray[np.bool_], std_px: float) -> NDArray[np.uint8]:
    """The uint8 (H, W, 3) image with a Gaussian blur outside mask (H, W). std_px: its standard deviation."""
    blurred = np.asarray(Image.fromarray(image).filter(ImageFilter.GaussianBlur(std_px)))
    return np.where(mask[..., None], image, blurred)


def box_masks(xyxy: NDArray[np.float32], image_hw: tuple[int, int]) -> NDArray[np.bool_]:
    """Masks (N, H, W) of boxes (N, 4) in pixels: the pixels whose centres are inside the box."""
    height, width = image_hw
    x, y = np.arange(width) + 0.5, np.arange(height) + 0.5
    left, top, right, bottom = (xyxy[:, i, None] for i in range(4))
    columns, rows = (x >= left) & (x < right), (y >= top) & (y < bottom)
    return rows[:, :, None] & columns[:, None, :]
