"""The layout of MMIO as distributed by its owners.

Images/{train,validation}/...
labels/train/txt/*.txt         labels/train/annotations/train.json
labels/validation/txt/*.txt    labels/validation/annotations/val.json
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from benchmark.core.errors import DataError
from benchmark.datasets.readers.reading import IMAGE_SUFFIXES, Repairs
from benchmark.datasets.sources.shared.source import child

TRAIN, VALIDATION = "train", "validation"
JSON = {TRAIN: "train.json", VALIDATION: "val.json"}
ALSO = {TRAIN: ("train",), VALIDATION: ("validation", "val")}
"""accepted folder names of each part, case ignored"""
TAXONOMY = "taxonomy.csv"
"""file in the root, read where --taxonomy names none; the owners' download has none"""


@dataclass(frozen=True)
class PartFiles:
    """The files of one part. pictures: stem in lower case -> file. text: folder of the YOLO labels, None if missing."""

    name: str
    folder: Path
    pictures: dict[str, Path] = field(repr=False)
    annotations: Path
    text: Path | None


def find_layout(root: Path, repairs: Repairs) -> tuple[PartFiles, PartFiles]:
    """Training and validation part, in the root or a folder in it. Raises DataError with the expected layout."""
    for base in (root, *sorted(entry for entry in root.iterdir() if entry.is_dir())):
        images, labels = child(base, "Images"), child(base, "labels")
        if images and labels:
            return _part(TRAIN, images, labels, repairs), _part(VALIDATION, images, labels, repairs)
    raise DataError(
        f"{root}: expected Images/{{train,validation}} and labels/{{train,validation}}/{{txt,annotations}}, as MMIO's "
        "owners distribute it; name the folder that holds Images and labels"
    )


def _part(name: str, images: Path, labels: Path, repairs: Repairs) -> PartFiles:
    pictures, written = (_first(folder, ALSO[name]) for folder in (images, labels))
    if pictures is None or written is None:
        lacking = images if pictures is None else labels
        raise DataError(f"{lacking}: has no folder '{name}'; the download is incomplete")
    return PartFiles(name, pictures, _pictures(pictures, repairs), _json(name, written), child(written, "txt"))


def _first(folder: Path, names: Iterable[str]) -> Path | None:
    return next(filter(None, (child(folder, name) for name in names)), None)


def _json(name: str, labels: Path) -> Path:
    folder = child(labels, "annotations") or labels
    wanted = {f"{also}.json" for also in ALSO[name]}
    files = sorted(entry for entry in folder.iterdir() if entry.name.casefold() in wanted)
    if not files:
        raise DataError(f"{folder / JSON[name]}: missing; the COCO json holds ids and sizes, the text labels do not")
    return files[0]


def _pictures(folder: Path, repairs: Repairs) -> dict[str, Path]:
    pictures: dict[str, Path] = {}
    for at, folders, names in os.walk(folder):
        folders.sort()
        for path in (Path(at, name) for name in sorted(names)):
            if path.suffix.casefold() not in IMAGE_SUFFIXES:
                continue
            if path.stem.casefold() in pictures:
                repairs.add("second image of the same stem left out", str(path))
            else:
                pictures[path.stem.casefold()] = path
    return pictures
