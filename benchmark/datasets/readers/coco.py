"""COCO json with its image files: `images`, `annotations` and `categories` in one file, all ids checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.core.boxes import xywh_to_xyxy
from benchmark.core.coco import AREA_FROM_BOX, Entry, GroundTruth, class_names, read_ground_truth, refuse_other_frames
from benchmark.core.detections import Annotations
from benchmark.core.errors import DataError
from benchmark.core.images import image_size
from benchmark.core.loading import MOST_COCO_BYTES, read_json
from benchmark.datasets.readers.reading import RawBox, Repairs, check_boxes

_LARGEST_ID = (1 << 63) - 1


@dataclass(frozen=True, slots=True, eq=False)
class CocoImage:
    """An image with its boxes, whose labels index `CocoFile.categories`. entry: its entry in the json."""

    image_id: int
    path: Path
    width_px: int
    height_px: int
    annotations: Annotations
    entry: Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class CocoFile:
    """An annotation file. categories: entries with boxes, by id."""

    categories: tuple[Entry, ...]
    images: tuple[CocoImage, ...]
    repairs: Repairs


def read_coco(path: Path) -> CocoFile:
    """Read and check an annotation file.

    Images are searched for beside the file, in `images/` beside it or beside its folder, or at an absolute `file_name`.
    Repairs: those of core.coco, of boxes as in `check_boxes`, image ids from 0, a missing or impossible `area`,
    categories without boxes. Raises DataError with file, id and what would be right.
    """
    repairs = Repairs()
    truth = read_ground_truth(read_json(path, DataError, MOST_COCO_BYTES, nan=True), path, repairs.add)
    classes, image_ids = _classes(truth, path, repairs), _image_ids(truth, path, repairs)
    if truth.is_federated:
        repairs.add("keys of LVIS not used: tasks on a file of yours have COCO's rules", str(path))
    paths = _locate(path, truth)
    sizes: list[tuple[int, int]] = [
        (width, height) if width else image_size(at)
        for (width, height), at in zip(truth.size_px.tolist(), paths, strict=True)
    ]
    places = _places(truth)
    refuse_other_frames(truth.entries, truth.xywh, np.array(sizes, np.int64)[places])
    labels, rows = np.searchsorted(truth.categories.ids[classes], truth.category_id), _rows_by_place(places, len(paths))
    images = tuple(
        CocoImage(key, at, *size, _annotations(truth, own, labels, size, repairs), entry)
        for key, at, size, own, entry in zip(image_ids, paths, sizes, rows, truth.images.rows, strict=True)
    )
    return CocoFile(tuple(truth.categories.take(classes)), images, repairs)


def boxes_by_file_name(path: Path) -> dict[str, list[RawBox]]:
    """The boxes of every image, by its file_name without folders, in lower case; image files are not searched for.

    Raises DataError with file, id and what would be right.
    """
    truth = read_ground_truth(read_json(path, DataError, MOST_COCO_BYTES, nan=True), path)
    names = class_names(truth.categories, range(len(truth.categories.rows)))
    corners = [(x1, y1, x2, y2) for x1, y1, x2, y2 in xywh_to_xyxy(truth.xywh).tolist()]
    boxes: dict[str, list[RawBox]] = {}
    for place, rows in enumerate(_rows_by_place(_places(truth), len(truth.images.rows))):
        name = Path(_file_name(truth, place)).name.casefold()
        if name in boxes:
            raise DataError(f"{path}: two images are named '{name}'; keep one")
        boxes[name] = [
            RawBox(truth.entries.where(row), corners[row], names[int(truth.category_id[row])]) for row in rows.tolist()
        ]
    return boxes


def _classes(truth: GroundTruth, path: Path, repairs: Repairs) -> NDArray[np.int64]:
    """Places of the categories with boxes, in the order of their ids."""
    used = np.isin(truth.categories.ids, truth.category_id)
    class_names(truth.categories, np.flatnonzero(used).tolist())
    synonyms = [entry.get("synonyms") or [] for entry in truth.categories.rows]
    wrong = [not isinstance(names, list) or not all(isinstance(name, str) for name in names) for names in synonyms]
    truth.categories.refuse(wrong, "synonyms", "a list of names")
    for row in np.flatnonzero(~used).tolist():
        repairs.add("category without boxes left out", f"{path}: {truth.categories.rows[row].get('name')}")
    order = np.argsort(truth.categories.ids)
    return order[used[order]]


def _image_ids(truth: GroundTruth, path: Path, repairs: Repairs) -> list[int]:
    """Ids of the images in the file's order, counted on where they begin below 1."""
    ids: list[int] = truth.images.ids.tolist()
    least, most = min(ids), max(ids)
    if least >= 1:
        return ids
    if most - least >= _LARGEST_ID:
        raise DataError(f"{path}: image ids from {least} to {most} exceed 64 bits when counted from 1; use smaller ids")
    repairs.add("image ids counted on from 1", str(path))
    return [key + 1 - least for key in ids]


def _file_name(truth: GroundTruth, place: int) -> str:
    name = truth.images.rows[place].get("file_name")
    if not isinstance(name, str) or not name:
        raise DataError(f"{truth.images.where(place)} has no file_name")
    return name


def _locate(path: Path, truth: GroundTruth) -> list[Path]:
    folders = (path.parent, path.parent / "images", path.parent.parent / "images", path.parent.parent)
    paths: list[Path] = []
    missing: list[str] = []
    for place in range(len(truth.images.rows)):
        name = _file_name(truth, place)
        file = next((folder / name for folder in folders if (folder / name).is_file()), None)
        if file is None:
            missing.append(name)
        else:
            paths.append(file)
    if missing:
        raise DataError(
            f"{path}: {len(missing)} of {len(truth.images.rows)} images are missing, first '{missing[0]}'; "
            "put them beside the file or into images/"
        )
    return paths


def _places(truth: GroundTruth) -> NDArray[np.int64]:
    """(N,) index in the list of images of each annotation's image."""
    order = np.argsort(truth.images.ids)
    return order[np.searchsorted(truth.images.ids, truth.image_id, sorter=order)]


def _rows_by_place(places: NDArray[np.int64], count: int) -> list[NDArray[np.int64]]:
    """Indices of the annotations of each of `count` images, in the order of the file."""
    order = np.argsort(places, kind="stable")
    return np.split(order, np.searchsorted(places[order], np.arange(1, count)))


def _annotations(
    truth: GroundTruth, rows: NDArray[np.int64], labels: NDArray[np.int64], size_px: tuple[int, int], repairs: Repairs
) -> Annotations:
    kept: list[int] = []
    corners: list[NDArray[np.float64]] = []
    for row, (x1, y1, x2, y2) in zip(rows.tolist(), xywh_to_xyxy(truth.xywh[rows]).tolist(), strict=True):
        checked = check_boxes([RawBox(truth.entries.where(row), (x1, y1, x2, y2), "")], *size_px, repairs)
        if len(checked):
            kept.append(row)
            corners.append(checked.xyxy[0])
    xyxy, area = np.array(corners, np.float64).reshape(-1, 4), truth.area_px[kept]
    impossible = ~(area > 0)
    for place in np.flatnonzero(impossible).tolist():
        repairs.add(AREA_FROM_BOX, truth.entries.where(kept[place]))
    own = (xyxy[:, 2] - xyxy[:, 0]) * (xyxy[:, 3] - xyxy[:, 1])
    return Annotations(xyxy, labels[kept], truth.iscrowd[kept], np.where(impossible, own, area))
