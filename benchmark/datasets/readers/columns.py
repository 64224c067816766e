"""Images and boxes of a built set as columns in one .npz file, which opens much faster than the COCO json.

The file is a copy: it contains the sha256 of the json that it was made from and is not used if the json beside it has
another one. It contains no pickled objects.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.core.detections import Annotations
from benchmark.core.errors import DataError
from benchmark.core.files import written_whole
from benchmark.core.loading import parse_json
from benchmark.core.paths import DatasetPaths
from benchmark.core.sample import Category, Sample

VERSION = 1
"""raised whenever the columns change; files of other versions are not read"""


@dataclass(frozen=True, eq=False)
class Content:
    """Categories, and samples by image id, of a data set."""

    categories: Sequence[Category]
    samples: Mapping[int, Sample]


def write_columns(folder: Path, content: Content, annotations_sha256: str) -> None:
    """Write the columns of a set into its folder, completely or not at all. Paths are relative to the folder."""
    samples = list(content.samples.values())
    scenes = sorted({sample.scene for sample in samples})
    sources = sorted({sample.source for sample in samples})
    head = {
        "version": VERSION,
        "annotations_sha256": annotations_sha256,
        "categories": [asdict(category) for category in content.categories],
        "scenes": scenes,
        "sources": sources,
    }
    boxes = [sample.annotations for sample in samples]
    columns: dict[str, NDArray[Any]] = {
        "head": _text([json.dumps(head)]),
        "image_id": np.array([sample.image_id for sample in samples], np.int64),
        "size_px": np.array([(sample.width_px, sample.height_px) for sample in samples], np.int64).reshape(-1, 2),
        "scene": np.array([scenes.index(sample.scene) for sample in samples], np.int32),
        "source": np.array([sources.index(sample.source) for sample in samples], np.int32),
        "path": _text([sample.path.relative_to(folder).as_posix() for sample in samples]),
        "group": _text([sample.group for sample in samples]),
        "boxes": np.array([len(each) for each in boxes], np.int64),
        "xyxy": np.concatenate([each.xyxy for each in boxes]) if boxes else np.zeros((0, 4)),
        "labels": np.concatenate([each.labels for each in boxes]) if boxes else np.zeros(0, np.int64),
        "iscrowd": np.concatenate([each.iscrowd for each in boxes]) if boxes else np.zeros(0, np.bool_),
        "area_px": np.concatenate([each.area_px for each in boxes]) if boxes else np.zeros(0),
    }
    with written_whole(DatasetPaths(folder).columns) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **columns)


def read_columns(folder: Path, annotations_sha256: str) -> Content | None:
    """The content, or None where the file is missing, damaged, of another version or of another json."""
    try:
        with np.load(DatasetPaths(folder).columns, allow_pickle=False) as file:
            head = parse_json(_texts(file["head"])[0], str(DatasetPaths(folder).columns), DataError)
            if (head["version"], head["annotations_sha256"]) != (VERSION, annotations_sha256):
                return None
            columns = {name: file[name] for name in file.files if name != "head"}
            return _content(folder, head, columns)
    except (DataError, OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _content(folder: Path, head: Mapping[str, Any], columns: Mapping[str, NDArray[Any]]) -> Content:
    categories = tuple(Category(**{**each, "synonyms": tuple(each["synonyms"])}) for each in head["categories"])
    ends = np.cumsum(columns["boxes"]).tolist()
    xyxy, labels, iscrowd, area = (columns[name] for name in ("xyxy", "labels", "iscrowd", "area_px"))
    samples = {}
    start = 0
    rows = zip(
        columns["image_id"].tolist(), columns["size_px"].tolist(), columns["scene"].tolist(),
        columns["source"].tolist(), _texts(columns["path"]), _texts(columns["group"]), ends, strict=True,
    )  # fmt: skip
    for image_id, (width, height), scene, source, path, group, end in rows:
        part = slice(start, end)
        boxes = Annotations(xyxy[part], labels[part], iscrowd[part], area[part])
        samples[image_id] = Sample(
            image_id, folder / path, width, height, boxes, head["scenes"][scene], group, head["sources"][source]
        )
        start = end
    return Content(categories, samples)


def _text(values: Sequence[str]) -> NDArray[np.uint8]:
    """Strings as bytes, separated by NUL, which no string may contain."""
    return np.frombuffer("\0".join(values).encode(), np.uint8)


def _texts(column: NDArray[np.uint8]) -> list[str]:
    return column.tobytes().decode().split("\0") if column.size else []
