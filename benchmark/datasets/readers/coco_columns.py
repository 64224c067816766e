"""COCO json of any size, read into columns: hundreds of thousands of boxes in seconds, all of them checked.

Official files are large (LVIS val has 244,707 boxes with outlines), so all boxes are checked at once; the entry with
the error is searched for only where there is one. Image files are not searched for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.core.boxes import xywh_to_xyxy
from benchmark.core.coco import Entry, GroundTruth, class_names, read_ground_truth
from benchmark.core.detections import Annotations
from benchmark.core.errors import DataError
from benchmark.core.loading import MOST_COCO_BYTES, parse_json, read_bytes
from benchmark.datasets.readers.reading import Repairs

_OUTLINE = re.compile(rb'"segmentation":\s*\[[^"{}]*"')
"""an outline, up to the quote that opens the next key"""
NO_AREA = "box without area dropped"


@dataclass(frozen=True, eq=False)
class CocoColumns:
    """An annotation file, or a selection of its images.

    categories, images: entries, sorted by id. boxes: of each image, in the order of `images`; labels index
    `categories`. extras: the annotation entries of the boxes of each image, in the same order.
    """

    categories: tuple[Entry, ...]
    images: tuple[Entry, ...]
    boxes: tuple[Annotations, ...]
    extras: tuple[Sequence[Entry], ...]
    repairs: Repairs


def read_coco_columns(
    path: Path, wanted: Callable[[Entry], bool] | None = None, *, count_from_zero: bool = False
) -> CocoColumns:
    """Read and check an annotation file.

    Boxes without area are dropped and counted as repairs. Raises DataError with file, id and what would be right.

    Args:
        path: the file.
        wanted: whether an image is kept, with its boxes; None for all images.
        count_from_zero: also accept the image id 0.
    """
    repairs = Repairs()
    truth = read_ground_truth(load_coco(path), path, repairs.add, with_ids=False)
    class_names(truth.categories, range(len(truth.categories.rows)))
    least = int(truth.images.ids.min())
    if least < 1 and not (count_from_zero and least == 0):
        raise DataError(f"{path}: image id {least}; ids start at 1, renumber the images")
    order = np.argsort(truth.images.ids)
    kept = [row for row in order.tolist() if wanted is None or wanted(truth.images.rows[row])]
    categories = np.argsort(truth.categories.ids)
    boxes, extras = _boxes(truth, truth.images.ids[kept], truth.categories.ids[categories], repairs)
    return CocoColumns(
        tuple(truth.categories.take(categories)),
        tuple(truth.images.rows[row] for row in kept),
        boxes,
        extras,
        repairs,
    )


def load_coco(path: Path) -> dict[str, list[dict[str, Any]]]:
    """The lists of a COCO file. Raises DataError for a file that is missing, cut short or not COCO."""
    content = _parsed(read_bytes(path, DataError, MOST_COCO_BYTES), str(path))
    for key in ("images", "annotations", "categories"):
        if not isinstance(content, dict) or not isinstance(content.get(key), list):
            raise DataError(f"{path}: has no list '{key}'; expected a COCO file with images, annotations, categories")
    checked: dict[str, list[dict[str, Any]]] = content
    return checked


def _parsed(text: bytes, where: str) -> Any:
    """The content without outlines, which are not needed and most of an official file: three times as fast."""
    try:
        return parse_json(_OUTLINE.sub(b'"', text), where, DataError)
    except DataError:
        return parse_json(text, where, DataError)  # for an error message about the file itself


def text_of(entry: Entry, key: str, where: str) -> str:
    """The text of a key of an entry. Raises DataError where it is missing or empty."""
    value = entry.get(key)
    if not isinstance(value, str) or not value.strip():
        raise DataError(f"{where} {entry.get('id')} has no {key}")
    return value.strip()


def size_of(entry: Entry, where: str) -> tuple[int, int]:
    """Width and height of an image in pixels, from its entry. Raises DataError where they are missing or wrong."""
    size = entry.get("width"), entry.get("height")
    if not all(type(side) is int and side > 0 for side in size):
        raise DataError(f"{where}: image {entry.get('id')} has size {size[0]!r} x {size[1]!r}; expected pixels above 0")
    return entry["width"], entry["height"]


def _boxes(
    truth: GroundTruth, image_ids: NDArray[np.int64], category_ids: NDArray[np.int64], repairs: Repairs
) -> tuple[tuple[Annotations, ...], tuple[Sequence[Entry], ...]]:
    """Boxes and annotation entries of each of those images.

    Areas are those of the file (of outlines, which define COCO's size bands), else those of the boxes.
    """
    rows = np.flatnonzero(np.isin(truth.image_id, image_ids))
    empty = (truth.xywh[rows, 2:] == 0).any(axis=1)
    for row in rows[empty].tolist():
        repairs.add(NO_AREA, truth.entries.where(row))
    rows = rows[~empty]
    image = np.searchsorted(image_ids, truth.image_id[rows])
    order = np.argsort(image, kind="stable")
    ends = np.searchsorted(image[order], np.arange(len(image_ids) + 1)).tolist()
    parts = [rows[order[start:end]] for start, end in pairwise(ends)]
    area = np.where(truth.area_px > 0, truth.area_px, truth.xywh[:, 2] * truth.xywh[:, 3])
    xyxy, label = xywh_to_xyxy(truth.xywh), np.searchsorted(category_ids, truth.category_id)
    boxes = tuple(Annotations(xyxy[part], label[part], truth.iscrowd[part], area[part]) for part in parts)
    return boxes, tuple(truth.entries.take(part) for part in parts)
