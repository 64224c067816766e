"""What all readers share: checked boxes of one label file, and counts of all repairs.

A reader reads a line as it is, or repairs it and counts the repair, or raises DataError with file, line and what would
be right. It never drops anything without counting it.
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
"""places kept per kind of repair"""
ROUNDING_PX = 0.01
"""a box that exceeds the image by at most this is clipped without counting a repair: numbers are rounded"""
IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"})


@dataclass
class Repairs:
    """Kinds of repairs: how often each was made (counts), and its first places (examples)."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, kind: str, where: str) -> None:
        """Count one repair. where: `file:line` or similar."""
        self.counts[kind] += 1
        places = self.examples.setdefault(kind, [])
        if len(places) < EXAMPLES:
            places.append(where)

    def facts(self, below: Path | None = None) -> dict[str, dict[str, object]]:
        """Kind -> {"count", "first"}, sorted, for records. below: folder to which places are relative."""
        prefix = f"{below}/" if below else ""
        return {
            kind: {"count": count, "first": [place.removeprefix(prefix) for place in self.examples[kind]]}
            for kind, count in sorted(self.counts.items())
        }


@dataclass(frozen=True, slots=True)
class RawBox:
    """One box as written in a file, xyxy in pixels, unchecked. where: `file:line` or `file: id 7`."""

    where: str
    xyxy: tuple[float, float, float, float]
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """The checked boxes of one image.

    xyxy: (N, 4) float64, pixels, inside the image, positive area. names: (N,), the source's own class names. written:
    number of boxes in the file; an image whose boxes were all dropped is not defect-free. on_its_side: the boxes are in
    the frame of the stored image, whose sides EXIF orientation swaps.
    """

    xyxy: NDArray[np.float64]
    names: tuple[str, ...]
    written: int
    on_its_side: bool = False

    def __len__(self) -> int:
        return len(self.names)


def check_boxes(boxes: Iterable[RawBox], width_px: int, height_px: int, repairs: Repairs) -> Labelled:
    """Check the boxes of one image.

    Repairs: boxes are clipped at the border, and dropped if wholly outside, without area or written twice.
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
    """One box (x1, y1, x2, y2), clipped at the image border."""
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
    """Boxes in the frame of the upright image, given in the frame of the stored image.

    size_px: width and height of the upright image. None where EXIF does not swap the sides of the image: then it is
    unknown how the label is rotated.
    """
    orientation = orientation_of(image)
    if orientation not in range(5, 9):
        return None
    return replace(boxes, xyxy=turn_boxes(boxes.xyxy, orientation, size_px), on_its_side=False)


def numbers(fields: Sequence[str], where: str) -> list[float]:
    """Fields as numbers. Raises DataError for a field that is not a number."""
    try:
        return [float(field) for field in fields]
    except ValueError as error:
        raise DataError(f"{where}: {error}; expected only numbers") from error


def look_up(names: Mapping[int, str], number: float, where: str) -> str:
    """The class name of an id. Raises DataError that lists the valid ids for any other."""
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
    """Pairs of an image and the label file of the same stem (case ignored), sorted by image.

    Files without a partner are counted as repairs, as are images whose header cannot be read, which are left out with
    their label. image_stem: the stem of the label file of an image, where it differs from that of the image.
    """
    unpaired: dict[str, Path] = {}
    for label in sorted(labels):
        if label.stem.casefold() in unpaired:
            repairs.add("second label file of the same stem left out", str(label))
        else:
            unpaired[label.stem.casefold()] = label
    pairs: dict[str, tuple[Path, Path]] = {}
    for image in sorted(images):
        stem = image_stem(image).casefold()
        if stem in pairs:
            repairs.add("second image of the same stem left out", str(image))
        elif stem in unpaired:
            label = unpaired.pop(stem)
            if _readable(image, repairs):
                pairs[stem] = (image, label)
        else:
            repairs.add("image without a label file left out", str(image))
    for label in unpaired.values():
        repairs.add("label file without an image left out", str(label))
    return list(pairs.values())


def _readable(image: Path, repairs: Repairs) -> bool:
    try:
        if image.is_file():  # a missing file is reported by the reader
            image_size(image)
    except DataError as error:
        large = "too large" in str(error)
        repairs.add("image too large to read left out" if large else "image that cannot be read left out", str(image))
        return False
    return True
