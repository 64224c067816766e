"""Compare the files of MMIO with the counts in the paper, and its text labels with its json."""

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
"""counts of Table 1 and of the text"""
TOLERANCE_PX = 1.5
"""largest difference between corners of the same box in text and json: both may be rounded"""
LISTED = 5
"""file names per message"""


def against_paper(dataset: MmioDataset) -> list[str]:
    """Messages on counts that differ from the paper; scenes and super categories only with a taxonomy."""
    base, scenes = len(dataset.base), {category.scene for category in dataset.categories}
    counts = {
        "images": len(dataset.samples),
        "images of train": of_train(dataset),
        "images of validation": len(dataset.samples) - of_train(dataset),
        "classes": len(dataset.categories),
        "base classes": base,
        "novel classes": len(dataset.categories) - base,
    }
    if UNKNOWN not in scenes:
        counts["scenes"] = len(scenes)
        counts["super categories"] = len({category.super_category for category in dataset.categories})
    differences = [f"{n} {what}, the paper says {PAPER[what]}" for what, n in counts.items() if n != PAPER[what]]
    missing = missing_pictures(dataset)
    if missing:
        differences.append(f"{len(missing)} images of the json are missing, first {missing[0].name}")
    return differences


def compare_forms(dataset: MmioDataset, progress: Progress | None = None) -> list[str]:
    """Messages on images whose boxes in the YOLO text and in the COCO json differ.

    The files do not define the class numbers of the text, so the numbering with the most equal images is used. Raises
    DataError that names file and line of an invalid label.
    """
    return [line for part in dataset.parts for line in _compare_part(dataset, part, progress)]


def _compare_part(dataset: MmioDataset, part: ReadPart, progress: Progress | None) -> list[str]:
    name = part.files.name
    if part.files.text is None:
        return [f"{name}: has no text labels"]
    texts = {path.stem.casefold(): path for path in sorted(part.files.text.glob("*.txt"))}
    samples = {}
    for entry in part.columns.images:
        samples[Path(str(entry["file_name"])).stem.casefold()] = dataset.samples[entry["id"] + part.shift]
    shared = sorted(texts.keys() & samples.keys())
    shown = bar(progress, f"compare labels of {name}", shared, len(shared))
    both = {stem: _read(texts[stem], samples[stem]) for stem in shown}
    numbering = _numbering(part, both, samples)
    different = [stem for stem, (xyxy, number) in both.items() if not _same(xyxy, number, numbering, samples[stem])]
    messages = [
        _listed(f"{name}: images of the json have no text", sorted(samples.keys() - texts.keys())),
        _listed(f"{name}: text labels have no image in the json", sorted(texts.keys() - samples.keys())),
        _listed(f"{name}: images have other boxes in the text than in the json", different),
    ]
    return [message for message in messages if message]


def _listed(what: str, stems: Sequence[str]) -> str:
    return f"{what}: {len(stems)}, first {', '.join(stems[:LISTED])}" if stems else ""


Text = tuple[NDArray[np.float64], NDArray[np.int64]]


def _read(path: Path, sample: Sample) -> Text:
    """Corners xyxy (N, 4) in pixels of the image, and class numbers (N,), as the text has them."""
    rows = []
    for line, content in enumerate(read_text(path, DataError).splitlines(), start=1):
        values = numbers(content.split(), f"{path}:{line}")
        if values and (len(values) != 5 or not all(map(math.isfinite, values))):
            raise DataError(f"{path}:{line}: {content!r} is not a box; expected a class number, cx, cy, w, h")
        if values:
            rows.append(values)
    table = np.array(rows, np.float64).reshape(-1, 5)
    scale = np.array([sample.width_px, sample.height_px], np.float64)
    centre, half = table[:, 1:3] * scale, table[:, 3:5] * scale / 2
    return np.clip(np.hstack([centre - half, centre + half]), 0, np.tile(scale, 2)), table[:, 0].astype(np.int64)


def _numbering(part: ReadPart, texts: Mapping[str, Text], samples: Mapping[str, Sample]) -> dict[int, int]:
    """Class number in the text -> label, by the numbering that agrees most.

    Class numbers may be labels, positions in the part's list of categories, ids of the json, or these ids less one.
    """
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
    """Whether text and json have the same boxes of the same classes, in any order."""
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
