"""What all readers share: the boxes of one label file, checked, and a count of everything that was put right.

A reader either understands a line exactly, or repairs it and counts the repair, or raises DataError with the file,
the line and what would be right. It never drops anything without saying so.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.core.boxes import turn_boxes
from benchmark.core.errors import DataError
from benchmark.core.images import image_size, orientation_of

EXAMPLES = 5
"""places kept for each kind of repair"""
ROUNDING_PX = 0.01
"""a box this little outside the image is a rounded number, no mistake"""
IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"})


@dataclass
class Repairs:
    """How often each kind of repair was made, and the first places."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, kind: str, where: str) -> None:
        """Count one repair."""
        self.counts[kind] += 1
        places = self.examples.setdefault(kind, [])
        if len(places) < EXAMPLES:
            places.append(where)

    def facts(self, below: Path | None = None) -> dict[str, dict[str, object]]:
        """Kind -> {"count", "first"}: plain values, sorted; places relative to a folder."""
        prefix = f"{below}/" if below else ""
        return {
            kind: {"count": count, "first": [place.removeprefix(prefix) for place in self.examples[kind]]}
            for kind, count in sorted(self.counts.items())
        }


@dataclass(frozen=True, slots=True)
class RawBox:
    """One box as a file gives it, already in pixels; where: `file:line` or `file: id 7`."""

    where: str
    xyxy: tuple[float, float, float, float]
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """The checked boxes of one image.

    xyxy: (N, 4) float64, pixels, inside the image, positive area. names: the source's own class names, (N,).
    written: boxes that the file holds; an image whose boxes were all dropped is not a defect-free one.
    on_its_side: the boxes are in the frame of the picture as it is stored, whose sides EXIF swaps.
    """

    xyxy: NDArray[np.float64]
    names: tuple[str, ...]
    written: int
    on_its_side: bool = False

    def __len__(self) -> int:
        return len(self.names)


def check_boxes(boxes: Iterable[RawBox], width_px: int, height_px: int, repairs: Repairs) -> Labelled:
    """Check the boxes of one image.

    Repaired and counted: clipped at the border, dropped when wholly outside, without area, or written twice.
    Raises DataError for a number that is not finite and for corners in the wrong order.
    """
    kept: dict[tuple[str, tuple[float, ...]], None] = {}
    written = 0
    for box in boxes:
        written += 1
        corners = _check_corners(box)
        clipped = clip(corners, width_px, height_px)
        if clipped[2] <= clipped[0] or clipped[3] <= clipped[1]:
            outside = corners[2] > corners[0] and corners[3] > corners[1]
            repairs.add("box wholly outside the image dropped" if outside else "box without area dropped", box.where)
            continue
        if any(abs(a - b) > ROUNDING_PX for a, b in zip(corners, clipped, strict=True)):
            repairs.add("box clipped at the image border", box.where)
        if (box.name, clipped) in kept:
            repairs.add("box written twice, kept once", box.where)
        kept[box.name, clipped] = None
    xyxy = np.array([corners for _, corners in kept], np.float64).reshape(-1, 4)
    return Labelled(xyxy, tuple(name for name, _ in kept), written)


def clip(corners: Sequence[float], width_px: int, height_px: int) -> tuple[float, float, float, float]:
    """One box cut at the image's border."""
    x1, y1, x2, y2 = corners
    return (min(max(x1, 0.0), width_px), min(max(y1, 0.0), height_px), min(x2, width_px), min(y2, height_px))


def _check_corners(box: RawBox) -> tuple[float, float, float, float]:
    if not all(math.isfinite(value) for value in box.xyxy):
        raise DataError(f"{box.where}: box {_show(box.xyxy)} has a value that is not a finite number; correct the line")
    x1, y1, x2, y2 = box.xyxy
    if x2 < x1 or y2 < y1:
        raise DataError(f"{box.where}: box {_show(box.xyxy)} is inverted; expected x1 <= x2 and y1 <= y2 in pixels")
    return box.xyxy


def _show(corners: Sequence[float]) -> str:
    return "[" + ", ".join(f"{value:g}" for value in corners) + "]"


def turned_upright(boxes: Labelled, image: Path, size_px: tuple[int, int]) -> Labelled | None:
    """Boxes that were drawn on the picture as it is stored, in the frame of the upright one.

    size_px: of the upright picture. None where the label's sides are swapped and the picture's are not: nobody can tell
    which of them is turned, and how.
    """
    orientation = orientation_of(image)
    if orientation not in range(5, 9):
        return None
    return replace(boxes, xyxy=turn_boxes(boxes.xyxy, orientation, size_px), on_its_side=False)


def numbers(fields: Sequence[str], where: str) -> list[float]:
    """Fields as numbers. Raises DataError for a word that is none."""
    try:
        return [float(field) for field in fields]
    except ValueError as error:
        raise DataError(f"{where}: {error}; expected only numbers") from error


def look_up(names: Mapping[int, str], number: float, where: str) -> str:
    """The class name of an id. Raises DataError naming the valid ids."""
    if number not in names:
        valid = ", ".join(f"{i} {name}" for i, name in sorted(names.items()))
        raise DataError(f"{where}: unknown class id {number:g}; valid: {valid}")
    return names[int(number)]


def pair_by_stem(
    images: Iterable[Path],
    labels: Iterable[Path],
    repairs: Repairs,
    image_stem: Callable[[Path], str] = lambda path: path.stem,
) -> list[tuple[Path, Path]]:
    """Images and label files of the same stem (case ignored), sorted by image; everything else is counted.

    An image whose header cannot be read is left out with its label: the rest of a download is still of use.
    image_stem: the stem that the label of an image has, where it is not the image's own.
    """
    waiting: dict[str, Path] = {}
    for label in sorted(labels):
        if label.stem.casefold() in waiting:
            repairs.add("second label file of the same stem left out", str(label))
        else:
            waiting[label.stem.casefold()] = label
    pairs: dict[str, tuple[Path, Path]] = {}
    for image in sorted(images):
        stem = image_stem(image).casefold()
        if stem in pairs:
            repairs.add("second image of the same stem left out", str(image))
        elif stem in waiting:
            label = waiting.pop(stem)
            if _readable(image, repairs):
                pairs[stem] = (image, label)
        else:
            repairs.add("image without a label file left out", str(image))
    for label in waiting.values():
        repairs.add("label file without an image left out", str(label))
    return list(pairs.values())


def _readable(image: Path, repairs: Repairs) -> bool:
    try:
        if image.is_file():  # one that is gone is for the reader to name
            image_size(image)
    except DataError as error:
        large = "too large" in str(error)
        repairs.add("image too large to read left out" if large else "image that cannot be read left out", str(image))
        return False
    return True
