"""Boxes from masks: one box per 8-connected component of at least MIN_AREA_PX.

Components are labelled on runs of set pixels (run-based two-scan labelling: He et al., Pattern Recognition 70, 2017),
with a few numpy calls per mask, so that the base install does not need scipy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.core.errors import DataError
from benchmark.core.images import opened
from benchmark.datasets.readers.reading import Labelled, RawBox, Repairs, check_boxes

MIN_AREA_PX = 20


def read_mask(path: Path) -> NDArray[np.uint8]:
    """The grey or index values (H, W) of a mask image. Raises DataError that names the file."""
    with opened(path) as image:
        return np.asarray(image if image.mode in ("L", "P") else image.convert("L"), np.uint8)


def binary_mask_boxes(path: Path, name: str, size_px: tuple[int, int], threshold: int, repairs: Repairs) -> Labelled:
    """Boxes around the components above `threshold`, of class `name`. size_px: width and height of the image."""
    mask = _checked(path, size_px)
    return _framed(mask_boxes({name: mask > threshold}, str(path), repairs), mask, size_px)


def index_mask_boxes(path: Path, names: Mapping[int, str], size_px: tuple[int, int], repairs: Repairs) -> Labelled:
    """Boxes around the components of each mask value; 0 is background. Raises DataError for an unknown value.

    names: mask value -> class name. size_px: width and height of the image.
    """
    mask = _checked(path, size_px)
    unknown = set(np.unique(mask).tolist()) - {0, *names}
    if unknown:
        raise DataError(f"{path}: mask value {min(unknown)} is not a class; valid: 0 and {sorted(names)}")
    boxes = mask_boxes({name: mask == value for value, name in sorted(names.items())}, str(path), repairs)
    return _framed(boxes, mask, size_px)


def mask_boxes(masks: Mapping[str, NDArray[np.bool_]], where: str, repairs: Repairs) -> Labelled:
    """Boxes around the components of the masks of one image. masks: class name -> (H, W). where: for repairs."""
    boxes, small, shape = [], 0, (1, 1)
    for name, mask in masks.items():
        shape = mask.shape
        for corners, area in zip(*components(mask), strict=True):
            if area < MIN_AREA_PX:
                small += 1
                repairs.add(f"mask component under {MIN_AREA_PX} px dropped", where)
            else:
                x1, y1, x2, y2 = map(float, corners)
                boxes.append(RawBox(where, (x1, y1, x2, y2), name))
    checked = check_boxes(boxes, shape[1], shape[0], repairs)
    return Labelled(checked.xyxy, checked.names, checked.written + small)


def components(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """8-connected components of a mask (H, W): boxes (N, 4) xyxy with exclusive x2, y2, and areas (N,), in pixels."""
    row, start, end = _runs(mask)
    if not len(row):
        return np.zeros((0, 4), np.int64), np.zeros(0, np.int64)
    root = _join(len(row), _touching(row, start, end, mask.shape[1] + 2))
    _, which = np.unique(root, return_inverse=True)
    count = int(which.max()) + 1
    boxes = np.empty((count, 4), np.int64)
    boxes[:, :2] = np.iinfo(np.int64).max
    boxes[:, 2:] = 0
    np.minimum.at(boxes[:, 0], which, start)
    np.minimum.at(boxes[:, 1], which, row)
    np.maximum.at(boxes[:, 2], which, end)
    np.maximum.at(boxes[:, 3], which, row + 1)
    return boxes, np.bincount(which, weights=end - start, minlength=count).astype(np.int64)


def _checked(path: Path, size_px: tuple[int, int]) -> NDArray[np.uint8]:
    mask = read_mask(path)
    if mask.shape not in {size_px, size_px[::-1]}:
        size = f"{mask.shape[1]}x{mask.shape[0]}"
        raise DataError(f"{path}: mask is {size} px, its image {size_px[0]}x{size_px[1]}; they must be equal")
    return mask


def _framed(boxes: Labelled, mask: NDArray[np.uint8], size_px: tuple[int, int]) -> Labelled:
    """Boxes of a mask with swapped sides are in the frame of the stored image: EXIF orientation is not in masks."""
    return replace(boxes, on_its_side=mask.shape != size_px[::-1])


def _runs(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Row, first column and exclusive last column of every horizontal run, row by row."""
    edges = np.diff(np.pad(mask.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    row, start = np.nonzero(edges == 1)
    _, end = np.nonzero(edges == -1)
    return row.astype(np.int64), start.astype(np.int64), end.astype(np.int64)


def _touching(
    row: NDArray[np.int64], start: NDArray[np.int64], end: NDArray[np.int64], stride: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs (indices of runs) of runs in neighbouring rows that touch, also at corners."""
    first = np.searchsorted(row * stride + end, (row - 1) * stride + start, side="left")
    last = np.searchsorted(row * stride + start, (row - 1) * stride + end, side="right")
    count = np.maximum(last - first, 0)
    below = np.repeat(np.arange(len(row)), count)
    offset = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return below, np.repeat(first, count) + offset


def _join(count: int, pairs: tuple[NDArray[np.int64], NDArray[np.int64]]) -> list[int]:
    """The root of every run after joining the pairs (union-find)."""
    parent = list(range(count))

    def find(item: int) -> int:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    for a, b in zip(pairs[0].tolist(), pairs[1].tolist(), strict=True):
        parent[find(a)] = find(b)
    return [find(item) for item in range(count)]
