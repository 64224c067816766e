"""COCO json: `images`, `annotations`, `categories` in one file. Every id is checked; nothing is guessed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.core.detections import Annotations
from benchmark.core.errors import DataError
from benchmark.core.images import image_size
from benchmark.core.loading import MOST_COCO_BYTES, read_json
from benchmark.datasets.readers.reading import RawBox, Repairs, check_boxes


@dataclass(frozen=True, slots=True, eq=False)
class CocoImage:
    """One entry of `images` with its boxes; labels index `CocoFile.categories`. entry: all its keys."""

    image_id: int
    path: Path
    width_px: int
    height_px: int
    annotations: Annotations
    entry: Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class CocoFile:
    """A whole annotation file; categories are its entries in the order of their ids, those without boxes left out."""

    categories: tuple[Mapping[str, Any], ...]
    images: tuple[CocoImage, ...]
    repairs: Repairs


def read_coco(path: Path) -> CocoFile:
    """Read and check a file.

    Images are looked for beside the file, in `images/` beside it or beside its folder, or where an absolute
    `file_name` says. Repaired and counted: boxes as in `check_boxes`, ids from 0, a missing or impossible `area`,
    categories without boxes. Raises DataError naming the file, the id and what would be right.
    """
    content = _load(path)
    repairs = Repairs()
    images = _by_id(content["images"], f"{path}: images")
    if not images:
        raise DataError(f"{path}: 'images' is empty; a data set needs at least one image")
    categories = _categories(content["categories"], path)
    boxes = _boxes_by_image(content["annotations"], images, categories, path)
    used = sorted({entry["category_id"] for entries in boxes.values() for entry in entries})
    for unused in sorted(set(categories) - set(used)):
        repairs.add("category without boxes left out", f"{path}: {categories[unused]['name']}")
    labels = {category_id: label for label, category_id in enumerate(used)}
    if min(images) < 1:
        repairs.add("image ids counted on from 1", str(path))
    shift = 1 - min(images) if min(images) < 1 else 0
    paths = _locate(path, images)
    read = tuple(
        _image(path, image_id + shift, entry, paths[image_id], (boxes.get(image_id, ()), labels, repairs))
        for image_id, entry in images.items()
    )
    return CocoFile(tuple(categories[i] for i in used), read, repairs)


def boxes_by_file_name(path: Path) -> dict[str, list[RawBox]]:
    """The boxes of every image, by its file_name without folders in lower case; images are not looked for.

    Raises DataError naming the file, the id and what would be right.
    """
    content = _load(path)
    images = _by_id(content["images"], f"{path}: images")
    categories = _categories(content["categories"], path)
    found: dict[str, list[RawBox]] = {}
    boxes = _boxes_by_image(content["annotations"], images, categories, path)
    for key, image in images.items():
        name = Path(_file_name(image, key, path)).name.casefold()
        if name in found:
            raise DataError(f"{path}: two images are named '{name}'; keep one")
        found[name] = [_raw_box(entry, categories, path) for entry in boxes.get(key, ())]
    return found


def _raw_box(entry: Mapping[str, Any], categories: Mapping[int, Mapping[str, Any]], path: Path) -> RawBox:
    where = f"{path}: annotation {entry['id']}"
    return RawBox(where, _corners(entry, where), str(categories[entry["category_id"]]["name"]).strip())


def _file_name(image: Mapping[str, Any], key: int, path: Path) -> str:
    name = image.get("file_name")
    if not isinstance(name, str) or not name:
        raise DataError(f"{path}: image {key} has no file_name")
    return name


def _load(path: Path) -> dict[str, list[dict[str, Any]]]:
    content = read_json(path, DataError, MOST_COCO_BYTES, nan=True)
    for key in ("images", "annotations", "categories"):
        if not isinstance(content, dict) or not isinstance(content.get(key), list):
            raise DataError(f"{path}: has no list '{key}'; expected a COCO file with images, annotations, categories")
    checked: dict[str, list[dict[str, Any]]] = content
    return checked


def _by_id(entries: Iterable[Any], where: str) -> dict[int, dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    for number, entry in enumerate(entries):
        key = entry.get("id") if isinstance(entry, dict) else None
        if not isinstance(key, int) or isinstance(key, bool):
            raise DataError(f"{where}: entry {number} has id {key!r}; expected a whole number")
        if key in found:
            raise DataError(f"{where}: id {key} occurs twice; give every entry its own")
        found[key] = entry
    return found


def _categories(entries: Iterable[Any], path: Path) -> dict[int, dict[str, Any]]:
    categories = _by_id(entries, f"{path}: categories")
    names: dict[str, int] = {}
    for key, entry in categories.items():
        name = str(entry.get("name", "")).strip()
        if not name:
            raise DataError(f"{path}: category {key} has no name; a detector is asked by name")
        if name in names:
            raise DataError(f"{path}: categories {names[name]} and {key} are both named '{name}'; rename one")
        names[name] = key
    return categories


def _boxes_by_image(
    entries: Iterable[Any], images: Mapping[int, Any], categories: Mapping[int, Any], path: Path
) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    for key, entry in _by_id(entries, f"{path}: annotations").items():
        if entry.get("image_id") not in images:
            raise DataError(f"{path}: annotation {key} is of image {entry.get('image_id')!r}, which is not in 'images'")
        if entry.get("category_id") not in categories:
            raise DataError(
                f"{path}: annotation {key} has unknown category id {entry.get('category_id')!r}; "
                f"valid: {', '.join(map(str, sorted(categories)))}"
            )
        found.setdefault(entry["image_id"], []).append(entry)
    return found


def _locate(path: Path, images: Mapping[int, Mapping[str, Any]]) -> dict[int, Path]:
    folders = (path.parent, path.parent / "images", path.parent.parent / "images", path.parent.parent)
    found: dict[int, Path] = {}
    missing: list[str] = []
    for key, entry in images.items():
        name = _file_name(entry, key, path)
        hit = next((folder / name for folder in folders if (folder / name).is_file()), None)
        if hit is None:
            missing.append(name)
        else:
            found[key] = hit
    if missing:
        raise DataError(
            f"{path}: {len(missing)} of {len(images)} images are missing, first '{missing[0]}'; "
            "put them beside the file or into images/"
        )
    return found


Boxes = tuple[Iterable[dict[str, Any]], Mapping[int, int], Repairs]


def _image(path: Path, image_id: int, entry: Mapping[str, Any], at: Path, boxes: Boxes) -> CocoImage:
    width, height = entry.get("width"), entry.get("height")
    if not (isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0):
        width, height = image_size(at)
    return CocoImage(image_id, at, width, height, _annotations(path, (width, height), boxes), entry)


def _annotations(path: Path, size_px: tuple[int, int], boxes: Boxes) -> Annotations:
    entries, labels, repairs = boxes
    kept: list[tuple[NDArray[np.float64], int, bool, float]] = []
    for entry in entries:
        where = f"{path}: annotation {entry['id']}"
        found = check_boxes([RawBox(where, _corners(entry, where), "")], *size_px, repairs)
        if len(found):
            crowd = bool(entry.get("iscrowd", 0))
            kept.append((found.xyxy[0], labels[entry["category_id"]], crowd, _area(entry, found.xyxy[0], repairs)))
    return Annotations(
        np.array([row[0] for row in kept], np.float64).reshape(-1, 4),
        np.array([row[1] for row in kept], np.int64),
        np.array([row[2] for row in kept], np.bool_),
        np.array([row[3] for row in kept], np.float64),
    )


def _corners(entry: Mapping[str, Any], where: str) -> tuple[float, float, float, float]:
    try:
        x, y, w, h = (float(value) for value in entry["bbox"])
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{where}: bbox is {entry.get('bbox')!r}; expected four numbers x, y, width, height") from error
    return x, y, x + w, y + h


def _area(entry: Mapping[str, Any], xyxy: NDArray[np.float64], repairs: Repairs) -> float:
    own = float((xyxy[2] - xyxy[0]) * (xyxy[3] - xyxy[1]))
    area = entry.get("area")
    if isinstance(area, (int, float)) and math.isfinite(area) and area > 0:
        return float(area)
    repairs.add("area missing or impossible, taken from the box", f"annotation {entry['id']}")
    return own
