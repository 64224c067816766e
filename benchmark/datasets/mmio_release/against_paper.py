"""MMIO's files against what the paper says of them, and its two forms of labels against each other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.core.detections import Annotations
from benchmark.core.errors import DataError
from benchmark.core.loading import read_text
from benchmark.core.sample import Progress, Sample
from benchmark.datasets.build.bars import bar
from benchmark.datasets.mmio_release.dataset import MmioDataset, ReadPart, missing_pictures, of_train
from benchmark.datasets.readers.reading import numbers
from benchmark.datasets.sources.shared.source import UNKNOWN

PAPER = {
    "images": 21_836,
    "images of train": 18_811,
    "images of validation": 3_025,
    "classes": 100,
    "base classes": 65,
    "novel classes": 35,
    "scenes": 18,
    "super categories": 6,
}
"""Table 1 and text"""
TOLERANCE_PX = 1.5
"""two forms of one box may be rounded to pixels each in its own way"""
LISTED = 5


def against_paper(dataset: MmioDataset) -> list[str]:
    """Counts that differ from the paper's, in words; scenes and super categories only where somebody said them."""
    base, scenes = len(dataset.base), {category.scene for category in dataset.categories}
    here = {
        "images": len(dataset.samples),
        "images of train": of_train(dataset),
        "images of validation": len(dataset.samples) - of_train(dataset),
        "classes": len(dataset.categories),
        "base classes": base,
        "novel classes": len(dataset.categories) - base,
    }
    if UNKNOWN not in scenes:
        here["scenes"] = len(scenes)
        here["super categories"] = len({category.super_category for category in dataset.categories})
    found = [f"{here[what]} {what}, the paper says {PAPER[what]}" for what in here if here[what] != PAPER[what]]
    lost = missing_pictures(dataset)
    return found + ([f"{len(lost)} pictures that json names are missing, first {lost[0].name}"] if lost else [])


def compare_forms(dataset: MmioDataset, progress: Progress | None = None) -> list[str]:
    """Where the YOLO text and the COCO json of an image do not say the same, in words.

    Neither form says how the class numbers of the text are meant, so the numbering that agrees most is taken. Raises
    DataError naming file and line for text that is no label.
    """
    return [line for part in dataset.parts for line in _compare_part(dataset, part, progress)]


def _compare_part(dataset: MmioDataset, part: ReadPart, progress: Progress | None) -> list[str]:
    name = part.files.name
    if part.files.text is None:
        return [f"{name}: has no text labels to compare the json with"]
    texts = {path.stem.casefold(): path for path in sorted(part.files.text.glob("*.txt"))}
    samples = {}
    for entry in part.columns.images:
        samples[Path(str(entry["file_name"])).stem.casefold()] = dataset.samples[entry["id"] + part.shift]
    shared = sorted(texts.keys() & samples.keys())
    shown = bar(progress, f"compare labels of {name}", shared, len(shared))
    both = {stem: _read(texts[stem], samples[stem]) for stem in shown}
    numbering = _numbering(part, both, samples)
    different = [stem for stem, (xyxy, number) in both.items() if not _same(xyxy, number, numbering, samples[stem])]
    found = [
        _listed(f"{name}: images of the json have no text", sorted(samples.keys() - texts.keys())),
        _listed(f"{name}: texts are of no image of the json", sorted(texts.keys() - samples.keys())),
        _listed(f"{name}: images have other boxes in the text than in the json", different),
    ]
    return [line for line in found if line]


def _listed(what: str, stems: Sequence[str]) -> str:
    return f"{what}: {len(stems)}, first {', '.join(stems[:LISTED])}" if stems else ""


Text = tuple[NDArray[np.float64], NDArray[np.int64]]


def _read(path: Path, sample: Sample) -> Text:
    """Corners xyxy (N, 4) in pixels of the image, and class numbers (N,), as the text has them."""
    rows = []
    for line, content in enumerate(read_text(path, DataError).splitlines(), start=1):
        values = numbers(content.split(), f"{path}:{line}")
        if values and (len(values) != 5 or not all(map(math.isfinite, values))):
            raise DataError(f"{path}:{line}: {content!r} is no box; expected a class number, cx, cy, w, h")
        if values:
            rows.append(values)
    table = np.array(rows, np.float64).reshape(-1, 5)
    scale = np.array([sample.width_px, sample.height_px], np.float64)
    centre, half = table[:, 1:3] * scale, table[:, 3:5] * scale / 2
    return np.clip(np.hstack([centre - half, centre + half]), 0, np.tile(scale, 2)), table[:, 0].astype(np.int64)


def _numbering(part: ReadPart, texts: Mapping[str, Text], samples: Mapping[str, Sample]) -> dict[int, int]:
    """Class number in the text -> label: ids of the json, those less one, or places in the part's or the whole list."""
    ids = [entry["id"] for entry in part.columns.categories]
    possible = [
        {label: label for label in part.labels},
        dict(enumerate(part.labels)),
        dict(zip(ids, part.labels, strict=True)),
        {key - 1: label for key, label in zip(ids, part.labels, strict=True)},
    ]

    def agreeing(numbering: Mapping[int, int]) -> int:
        return sum(_same(*texts[stem], numbering, samples[stem]) for stem in texts if len(texts[stem][1]))

    return max(possible, key=agreeing)


def _same(xyxy: NDArray[np.float64], number: NDArray[np.int64], numbering: Mapping[int, int], sample: Sample) -> bool:
    """Whether both hold the same boxes of the same classes, in any order."""
    boxes: Annotations = sample.annotations
    if len(xyxy) != len(boxes):
        return False
    label = np.array([numbering.get(each, -1) for each in number.tolist()], np.int64)
    free = np.ones(len(boxes), np.bool_)
    for corners, wanted in zip(xyxy, label, strict=True):
        far = np.abs(boxes.xyxy - corners).max(axis=1)
        far[~free | (boxes.labels != wanted)] = np.inf
        best = int(far.argmin())
        if far[best] > TOLERANCE_PX:
            return False
        free[best] = False
    return True
