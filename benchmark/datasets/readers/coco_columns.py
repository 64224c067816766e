"""COCO json of any size, as columns: hundreds of thousands of boxes in seconds, each still checked.

Official files are large (LVIS val holds 244,707 boxes with their outlines), so boxes are checked all at once; only
where something is wrong is the first wrong entry looked for, to be named. Images are not looked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.core.boxes import xywh_to_xyxy
from benchmark.core.detections import Annotations
from benchmark.core.errors import DataError
from benchmark.core.loading import MOST_COCO_BYTES, parse_json, read_bytes
from benchmark.datasets.readers.reading import Repairs

Entry = Mapping[str, Any]
_OUTLINE = re.compile(rb'"segmentation":\s*\[[^"{}]*"')
"""a list of numbers and the quote that opens the next key"""
NO_AREA = "box without area dropped"


@dataclass(frozen=True, eq=False)
class CocoColumns:
    """A whole annotation file, or the part of its images that was asked for.

    categories: all entries in the order of their ids. images: entries in the order of their ids, with the boxes of
    each in `boxes` at the same place; labels index `categories`. extras: annotation entries in the order of the boxes.
    """

    categories: tuple[Entry, ...]
    images: tuple[Entry, ...]
    boxes: tuple[Annotations, ...]
    extras: tuple[Sequence[Entry], ...]
    repairs: Repairs


def read_coco_columns(
    path: Path, wanted: Callable[[Entry], bool] | None = None, *, count_from_zero: bool = False
) -> CocoColumns:
    """Read and check a file. wanted: which images to keep, with their boxes. count_from_zero: take image id 0 as well.

    Repaired and counted: boxes without area are dropped. Raises DataError naming file, id and what would be right.
    """
    content = load_coco(path)
    images = by_id(content["images"], f"{path}: images")
    categories = by_id(content["categories"], f"{path}: categories")
    _check_names(categories, path)
    if not images:
        raise DataError(f"{path}: 'images' is empty; a data set needs at least one image")
    if min(images) < 1 and not (count_from_zero and min(images) == 0):
        raise DataError(f"{path}: image id {min(images)}; ids start at 1, count them on")
    kept = {key: entry for key, entry in sorted(images.items()) if wanted is None or wanted(entry)}
    entries = _of_images(content["annotations"], images, kept, path)
    labels = {key: label for label, key in enumerate(sorted(categories))}
    repairs = Repairs()
    boxes, extras = _boxes(entries, list(kept), labels, path, repairs)
    return CocoColumns(
        tuple(categories[key] for key in sorted(categories)), tuple(kept.values()), boxes, extras, repairs
    )


def load_coco(path: Path) -> dict[str, list[dict[str, Any]]]:
    """The lists of a COCO file. Raises DataError for a file that is missing, cut short or something else."""
    content = _parsed(read_bytes(path, DataError, MOST_COCO_BYTES), str(path))
    for key in ("images", "annotations", "categories"):
        if not isinstance(content, dict) or not isinstance(content.get(key), list):
            raise DataError(f"{path}: has no list '{key}'; expected a COCO file with images, annotations, categories")
    checked: dict[str, list[dict[str, Any]]] = content
    return checked


def _parsed(text: bytes, where: str) -> Any:
    """The content without outlines, which are most of an official file and are not needed: a third of the time."""
    try:
        return parse_json(_OUTLINE.sub(b'"', text), where, DataError)
    except DataError:
        return parse_json(text, where, DataError)  # the message is to be about what is on disk


def by_id(entries: Iterable[Any], where: str) -> dict[int, dict[str, Any]]:
    """Entries by their id. Raises DataError for an id that is no whole number or occurs twice."""
    found: dict[int, dict[str, Any]] = {}
    for number, entry in enumerate(entries):
        key = entry.get("id") if isinstance(entry, dict) else None
        if type(key) is not int:
            raise DataError(f"{where}: entry {number} has id {key!r}; expected a whole number")
        if key in found:
            raise DataError(f"{where}: id {key} occurs twice; give every entry its own")
        found[key] = entry
    return found


def text_of(entry: Entry, key: str, where: str) -> str:
    """A text of an entry. Raises DataError where it has none."""
    value = entry.get(key)
    if not isinstance(value, str) or not value.strip():
        raise DataError(f"{where} {entry.get('id')} has no {key}")
    return value.strip()


def size_of(entry: Entry, where: str) -> tuple[int, int]:
    """Width and height in pixels as the file says. Raises DataError where it does not."""
    size = entry.get("width"), entry.get("height")
    if not all(type(side) is int and side > 0 for side in size):
        raise DataError(f"{where}: image {entry.get('id')} has size {size[0]!r} x {size[1]!r}; expected pixels above 0")
    return entry["width"], entry["height"]


def _check_names(categories: Mapping[int, Entry], path: Path) -> None:
    names: dict[str, int] = {}
    for key, entry in categories.items():
        name = text_of(entry, "name", f"{path}: category")
        if name in names:
            raise DataError(f"{path}: categories {names[name]} and {key} are both named '{name}'; rename one")
        names[name] = key


def _of_images(
    entries: Sequence[Any], images: Mapping[int, Entry], kept: Mapping[int, Entry], path: Path
) -> list[dict[str, Any]]:
    """Annotations of the kept images; those of images that are nowhere are refused."""
    chosen = []
    for number, entry in enumerate(entries):
        image_id = entry.get("image_id") if isinstance(entry, dict) else None
        if image_id in kept:
            chosen.append(entry)
        elif image_id not in images:
            key = entry.get("id", f"at place {number}") if isinstance(entry, dict) else f"at place {number}"
            raise DataError(f"{path}: annotation {key} is of image {image_id!r}, which is not in 'images'")
    return chosen


def _boxes(
    entries: Sequence[Entry], image_ids: Sequence[int], labels: Mapping[int, int], path: Path, repairs: Repairs
) -> tuple[tuple[Annotations, ...], tuple[Sequence[Entry], ...]]:
    xywh = _xywh(entries, path)
    label = np.array([labels.get(entry.get("category_id", -1), -1) for entry in entries], np.int64)
    _refuse(label < 0, entries, path, "has the unknown category id", "category_id")
    _refuse(~np.isfinite(xywh).all(axis=1), entries, path, "has a value that is not a finite number:", "bbox")
    _refuse((xywh[:, 2:] < 0).any(axis=1), entries, path, "has a negative width or height:", "bbox")
    area = _areas(entries, xywh)
    crowd = np.array([bool(entry.get("iscrowd", 0)) for entry in entries], np.bool_)
    place = {image_id: position for position, image_id in enumerate(image_ids)}
    image = np.array([place[entry["image_id"]] for entry in entries], np.int64)
    empty = (xywh[:, 2:] == 0).any(axis=1)
    for row in np.flatnonzero(empty).tolist():
        repairs.add(NO_AREA, f"{path}: annotation {entries[row].get('id')}")
    order = np.argsort(image, kind="stable")
    order = order[~empty[order]]
    ends = np.searchsorted(image[order], np.arange(len(image_ids) + 1))
    xyxy = xywh_to_xyxy(xywh)
    parts = [order[start:end] for start, end in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)]
    boxes = tuple(Annotations(xyxy[part], label[part], crowd[part], area[part]) for part in parts)
    return boxes, tuple([entries[row] for row in part.tolist()] for part in parts)


def _xywh(entries: Sequence[Entry], path: Path) -> NDArray[np.float64]:
    try:
        return np.array([entry["bbox"] for entry in entries], np.float64).reshape(len(entries), 4)
    except (KeyError, TypeError, ValueError):
        for entry in entries:
            box = entry.get("bbox")
            if not (isinstance(box, list) and len(box) == 4 and all(type(v) in (int, float) for v in box)):
                raise DataError(
                    f"{path}: annotation {entry.get('id')}: bbox is {box!r}; expected four numbers x, y, width, height"
                ) from None
        raise


def _areas(entries: Sequence[Entry], xywh: NDArray[np.float64]) -> NDArray[np.float64]:
    """The file's own (of the outline, by which COCO's size bands are cut), else the box's."""
    own = xywh[:, 2] * xywh[:, 3]
    given = [entry.get("area") for entry in entries]
    area = np.array([value if type(value) in (int, float) else np.nan for value in given], np.float64)
    return np.where(np.isfinite(area) & (area > 0), area, own)


def _refuse(wrong: Any, entries: Sequence[Entry], path: Path, problem: str, key: str) -> None:
    if wrong.any():
        entry = entries[int(wrong.argmax())]
        raise DataError(f"{path}: annotation {entry.get('id')} {problem} {entry.get(key)!r}; correct the entry")
