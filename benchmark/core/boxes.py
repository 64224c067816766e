"""Geometry of boxes: `xyxy` is (N, 4) as x1, y1, x2, y2 in pixels of the original image."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating]


def xywh_to_xyxy(xywh: FloatArray) -> FloatArray:
    """x, y, width, height (N, 4) to two corners (N, 4), in the same unit and dtype."""
    return np.concatenate([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], axis=1)


def xyxy_to_xywh(xyxy: FloatArray) -> FloatArray:
    """Two corners (N, 4) to x, y, width, height (N, 4), in the same unit and dtype."""
    return np.concatenate([xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2]], axis=1)


def area_px(xyxy: FloatArray) -> FloatArray:
    """Areas (N,) in square pixels; an inverted box counts as empty."""
    size = np.clip(xyxy[:, 2:] - xyxy[:, :2], 0, None)
    return np.asarray(size[:, 0] * size[:, 1])


def iou(a_xyxy: FloatArray, b_xyxy: FloatArray) -> FloatArray:
    """Intersection over union of every pair: (N, 4) and (M, 4) to (N, M), in [0, 1]."""
    low = np.maximum(a_xyxy[:, None, :2], b_xyxy[None, :, :2])
    high = np.minimum(a_xyxy[:, None, 2:], b_xyxy[None, :, 2:])
    size = np.clip(high - low, 0, None)
    inter = size[..., 0] * size[..., 1]
    union = area_px(a_xyxy)[:, None] + area_px(b_xyxy)[None, :] - inter
    return np.asarray(np.divide(inter, union, out=np.zeros_like(inter), where=union > 0))


def turn_boxes(xyxy: NDArray[np.float64], orientation: int, size_px: tuple[int, int]) -> NDArray[np.float64]:
    """Boxes (N, 4) in pixels of an image as it is stored, to boxes (N, 4) in pixels of the upright image.

    orientation: 5 to 8, which swap the sides (EXIF 2.3, 4.6.4 A). size_px: width and height of the upright image.
    """
    width, height = size_px
    x1, y1, x2, y2 = xyxy.T
    turned = {
        5: (y1, x1, y2, x2),
        6: (width - y2, x1, width - y1, x2),
        7: (width - y2, height - x2, width - y1, height - x1),
        8: (y1, height - x2, y2, height - x1),
    }
    return np.stack(turned[orientation], axis=1) if len(xyxy) else xyxy
