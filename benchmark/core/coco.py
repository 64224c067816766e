"""Files in COCO's format, from any tool: each value is read exactly, or repaired and reported, or refused.

A column is read as a whole; its values are examined one by one only if one of them has an unexpected type.
"""

from __future__ import annotations

import re
import reprlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.core.errors import DataError

Entry = Mapping[str, Any]
Report = Callable[[str, str], None]
"""called with (repair, where) for each value that was repaired"""

FEDERATED_LISTS = ("neg_category_ids", "not_exhaustive_category_ids")
FREQUENCIES = ("r", "c", "f")
AREA_FROM_BOX = "area missing or impossible, taken from the box"
NO_SIZE = "image without a width and height"
_WHOLE_ID = "a whole number of at most 64 bits"
_BOX = "four finite numbers x, y, width, height with width, height >= 0"
_INT_TEXT = re.compile(r"[+-]?[0-9]{1,19}")
_FLOAT_TEXT = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_EXACT_IN_A_FLOAT = 1 << 53
_BEYOND, _BEYOND_PX = 1 << 1023, 1 << 31
_ONE_OF = {"images": "image", "categories": "category", "annotations": "annotation", "detections": "detection"}
_LEAST_FOR_CORNERS = 10
_SHOWN = 10
_TINY_PX = 2
"""in images up to this side, a box within one pixel is no sign of relative coordinates"""


class Entries:
    """One list of a file, and its columns as arrays; N entries."""

    def __init__(self, rows: Any, name: str, file: str | Path | None, report: Report) -> None:
        """Check the list. Raises DataError if `rows` is not a list of objects.

        Args:
            rows: the list as read from JSON.
            name: of the list: images, categories, annotations or detections.
            file: named in messages, if known.
            report: called for each repair.
        """
        self.at = f"{file}: " if file else ""
        if not isinstance(rows, list) or not set(map(type, rows)) <= {dict}:
            raise DataError(f"{self.at}the {name} must be a list of objects, as in COCO's files")
        self.rows: Sequence[Entry] = rows
        self.name = name
        self.kind = _ONE_OF[name]
        self.report = report

    def where(self, row: int) -> str:
        """An entry as messages name it: `file: annotation 7` by its id, or by its index if it has none."""
        entry = self.rows[row]
        if "id" in entry:
            return f"{self.at}{self.kind} {reprlib.repr(entry['id'])}"
        of = f" of image {reprlib.repr(entry['image_id'])}" if "image_id" in entry else ""
        return f"{self.at}{self.kind} number {row} (from 0){of}"

    def refuse(self, wrong: ArrayLike, key: str, right: str) -> None:
        """Raise DataError for the first entry where `wrong` (N,) is true, with its value of `key` and `right`."""
        if np.any(wrong):
            row = int(np.argmax(wrong))
            entry = self.rows[row]
            where = f"{self.at}{self.kind} number {row} (from 0)" if key == "id" else self.where(row)
            value = f"{key} is {reprlib.repr(entry[key])}" if key in entry else f"has no {key}"
            raise DataError(f"{where}: {value}; it must be {right}")

    def refuse_rows(self, wrong: ArrayLike, problem: str) -> None:
        """Raise DataError for the first entry where `wrong` (N,) is true."""
        if np.any(wrong):
            raise DataError(f"{self.where(int(np.argmax(wrong)))} {problem}")

    def take(self, rows: NDArray[np.int64]) -> list[Entry]:
        """The entries with those indices."""
        return [self.rows[row] for row in rows.tolist()]

    @cached_property
    def ids(self) -> NDArray[np.int64]:
        """The column `id`, (N,). Raises DataError, also for an id that is used twice."""
        values = self.whole_numbers("id")
        order = np.argsort(values, kind="stable")
        twice = order[1:][np.diff(values[order]) == 0]
        if len(twice):
            raise DataError(
                f"{self.at}{self.kind} id {values[twice.min()]} is used twice; give each {self.kind} an id of its own"
            )
        return values

    def whole_numbers(self, key: str, right: str = _WHOLE_ID) -> NDArray[np.int64]:
        """A column of whole numbers, (N,); text and decimals such as 7.0 are repaired. Raises DataError."""
        values = self._read([row.get(key) for row in self.rows], {int}, _whole, key, right)
        try:
            return np.array(values, np.int64)
        except OverflowError:
            self.refuse([not -(1 << 63) <= value < 1 << 63 for value in values], key, _WHOLE_ID)
            raise

    def numbers(self, key: str, right: str) -> NDArray[np.float64]:
        """A column of finite numbers, (N,); text is repaired. Raises DataError."""
        return self._floats([row.get(key) for row in self.rows], key, right, 1)

    def boxes(self) -> NDArray[np.float64]:
        """The column `bbox`, (N, 4): finite, width and height not negative. Raises DataError."""
        boxes: list[Any] = [row.get("bbox") for row in self.rows]
        if not (set(map(type, boxes)) <= {list, tuple} and set(map(len, boxes)) <= {4}):
            self.refuse([not isinstance(box, list | tuple) or len(box) != 4 for box in boxes], "bbox", _BOX)
        xywh = self._floats(list(chain.from_iterable(boxes)), "bbox", _BOX, 4).reshape(-1, 4)
        with np.errstate(over="ignore"):
            area = xywh[:, 2] * xywh[:, 3]
        self.refuse(np.any(xywh[:, 2:] < 0, axis=1) | ~np.isfinite(area), "bbox", _BOX)
        return xywh

    def flags(self, key: str, *, may_lack: bool) -> NDArray[np.bool_]:
        """A column of 0 and 1, (N,); booleans and text are repaired, and a missing value is 0. Raises DataError.

        may_lack: a missing value is usual, so that it is not reported as a repair.
        """
        values = [row.get(key, 0 if may_lack else None) for row in self.rows]
        read = self._read(values, {int}, _flag, key, "0 or 1")
        self.refuse([value not in (0, 1) for value in read], key, "0 or 1")
        return np.array(read, np.bool_)

    def id_lists(self, key: str, known: Entries, right: str) -> NDArray[np.int64]:
        """A column of lists of ids, as pairs (M, 2): index of the entry, one of its ids. Raises DataError.

        known: the entries whose ids are allowed. right: what the message says would be right.
        """
        ids, pairs, wrong = {*known.ids.tolist()}, [], []
        for row, entry in enumerate(self.rows):
            listed = entry.get(key)
            read = [self._put_right(_whole, value, row) for value in listed] if isinstance(listed, list) else [None]
            wrong.append(not ids.issuperset(read))
            pairs += [(row, listed_id) for listed_id in read]
        self.refuse(wrong, key, right)
        return np.array(pairs, np.int64).reshape(-1, 2)

    def areas(self) -> NDArray[np.float64]:
        """The column `area`, (N,) square pixels; NaN where it is missing, negative or not a finite number."""
        values = [row.get("area") for row in self.rows]
        if not set(map(type, values)) <= {int, float}:
            values = [self._put_right(_number, value, row) for row, value in enumerate(values)]
        area = _float_array(values)
        return np.where(np.isfinite(area) & (area >= 0), area, np.nan)

    def sizes(self) -> NDArray[np.int64]:
        """Width and height, (N, 2) in whole pixels; 0 x 0, and reported, where either is missing or not positive."""
        size_px = np.zeros((len(self.rows), 2), np.int64)
        for row, entry in enumerate(self.rows):
            width, height = (self._put_right(_whole, entry.get(key), row) for key in ("width", "height"))
            if width and height and 0 < width < _BEYOND_PX and 0 < height < _BEYOND_PX:
                size_px[row] = width, height
            else:
                self.report(NO_SIZE, self.where(row))
        return size_px

    def _floats(self, values: list[Any], key: str, right: str, per_row: int) -> NDArray[np.float64]:
        numbers = _float_array(self._read(values, {int, float}, _number, key, right, per_row))
        self.refuse(~np.all(np.isfinite(numbers.reshape(-1, per_row)), axis=1), key, right)
        return numbers

    def _read(
        self, values: list[Any], right_types: set[type], convert: _Convert, key: str, right: str, per_row: int = 1
    ) -> list[Any]:
        if set(map(type, values)) <= right_types:
            return values
        read = [self._put_right(convert, value, place // per_row) for place, value in enumerate(values)]
        lacking = np.array([value is None for value in read], np.bool_)
        self.refuse(np.any(lacking.reshape(-1, per_row), axis=1), key, right)
        return read

    def _put_right(self, convert: _Convert, value: Any, row: int) -> Any:
        read, repair = convert(value)
        if repair:
            self.report(repair, self.where(row))
        return read


_Convert = Callable[[Any], tuple[Any, str]]
"""value -> (the value that is meant, None if unclear; the repair, '' if none)"""


def _whole(value: Any) -> tuple[int | None, str]:
    if type(value) is int:
        return value, ""
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT_IN_A_FLOAT:
        return int(value), "whole number written with decimals"
    if isinstance(value, str) and _INT_TEXT.fullmatch(value.strip()):
        return int(value), "number written as text"
    return None, ""


def _number(value: Any) -> tuple[int | float | None, str]:
    if type(value) in (int, float):
        return value, ""
    if isinstance(value, str) and _FLOAT_TEXT.fullmatch(value.strip()):
        return float(value), "number written as text"
    return None, ""


def _flag(value: Any) -> tuple[int | None, str]:
    if value is None:
        return 0, "iscrowd missing, taken as 0"
    if isinstance(value, bool):
        return int(value), "flag written as true or false"
    if isinstance(value, str) and value.strip().casefold() in ("true", "false"):
        return int(value.strip().casefold() == "true"), "flag written as true or false"
    return _whole(value)


def _float_array(values: Sequence[Any]) -> NDArray[np.float64]:
    """Values as floats (N,); None, and whole numbers that are too large for a float, become NaN."""
    try:
        return np.array(values, np.float64)
    except OverflowError:
        return np.array([value if abs(value or 0) < _BEYOND else np.nan for value in values], np.float64)


@dataclass(frozen=True, eq=False)
class GroundTruth:
    """An annotation file: the entries of its lists, and columns of its I images and N annotations (`entries`).

    size_px: (I, 2) int64, width and height, 0 x 0 where the file gives none. image_id, category_id: (N,) int64.
    xywh: (N, 4) float64 in pixels, finite, width and height not negative. area_px: (N,) float64, NaN where the file
    gives none. iscrowd: (N,) bool. is_federated: it lists verified absences or frequencies, as LVIS does.
    """

    images: Entries
    categories: Entries
    entries: Entries
    size_px: NDArray[np.int64]
    image_id: NDArray[np.int64]
    category_id: NDArray[np.int64]
    xywh: NDArray[np.float64]
    area_px: NDArray[np.float64]
    iscrowd: NDArray[np.bool_]
    is_federated: bool


@dataclass(frozen=True, eq=False)
class Results:
    """A file of N detections; columns as in GroundTruth, score: (N,) float64, finite."""

    entries: Entries
    image_id: NDArray[np.int64]
    category_id: NDArray[np.int64]
    xywh: NDArray[np.float64]
    score: NDArray[np.float64]


def silent(what: str, where: str) -> None:
    """A Report that ignores every repair."""


def read_ground_truth(
    content: Any, file: str | Path | None = None, report: Report = silent, *, with_ids: bool = True
) -> GroundTruth:
    """Check and read an annotation file. with_ids: each annotation must have its own id.

    Repaired and reported: numbers written as text, 7.0 for 7, flags written as true or false, a missing iscrowd.
    Raises DataError that names file, entry and what would be right, for: a missing list; no image or category; an id
    that is not a whole number of 64 bits, is used twice or is unknown; a box that is not four finite numbers or has a
    negative side.
    """
    at = file or "ground truth"
    if not isinstance(content, dict):
        raise DataError(
            f"{at}: holds {type(content).__name__}, expected an object with images, annotations and categories"
        )
    for name in ("images", "annotations", "categories"):
        if not isinstance(content.get(name), list):
            raise DataError(f"{at}: has no list '{name}'; expected a COCO file with images, annotations, categories")
    for name in ("images", "categories"):
        if not content[name]:
            raise DataError(f"{at}: '{name}' is empty; a ground truth needs at least one {_ONE_OF[name]}")
    images, categories, annotations = (
        Entries(content[name], name, file, report) for name in ("images", "categories", "annotations")
    )
    if with_ids:
        annotations.ids  # noqa: B018 - reading them checks them
    image_id, category_id = _known(annotations, images, categories)
    listed = any(key in image for image in images.rows for key in FEDERATED_LISTS)
    is_federated = listed or any(category.get("frequency") in FREQUENCIES for category in categories.rows)
    return GroundTruth(
        images,
        categories,
        annotations,
        images.sizes(),
        image_id,
        category_id,
        annotations.boxes(),
        annotations.areas(),
        annotations.flags("iscrowd", may_lack=is_federated),  # LVIS has no crowds, and no such key
        is_federated,
    )


def read_results(
    rows: Any, ground_truth: GroundTruth, file: str | Path | None = None, report: Report = silent
) -> Results:
    """Check and read detections in COCO's results format, a list, which may be empty.

    Repairs, reports and raises as `read_ground_truth`; image and category ids must be those of `ground_truth`.
    """
    entries = Entries(rows, "detections", file, report)
    known = _known(entries, ground_truth.images, ground_truth.categories)
    score = entries.numbers("score", "a finite number (a missing one, NaN or infinity changes AP silently)")
    return Results(entries, *known, entries.boxes(), score)


def name_of(category: Entry, where: str) -> str:
    """Name of a category. Raises DataError that names `where` if it has none."""
    name = category.get("name")
    if isinstance(name, bool) or not isinstance(name, str | int) or not str(name).strip():
        raise DataError(f"{where} has no name; a class is asked for by its name")
    return str(name).strip()


def class_names(categories: Entries, rows: Iterable[int]) -> dict[int, str]:
    """Id -> name, of the categories with those indices. Raises DataError if one has no name or two have the same."""
    names: dict[str, int] = {}
    for row in rows:
        key, name = int(categories.ids[row]), name_of(categories.rows[row], categories.where(row))
        if name in names:
            raise DataError(f"{categories.at}categories {names[name]} and {key} are both named '{name}'; rename one")
        names[name] = key
    return {key: name for name, key in names.items()}


def refuse_other_frames(entries: Entries, xywh: NDArray[np.float64], size_px: NDArray[np.int64]) -> None:
    """Raise DataError if boxes (N, 4) are almost certainly not x, y, width, height in pixels.

    They are taken for relative coordinates if most lie within one pixel, and for two corners if all are valid so, but
    most leave their image as x, y, width, height. Either would score an AP near 0 without an error from any engine.
    size_px: (N, 2) width and height of each box's image, 0 where unknown.
    """
    within_one = np.all(np.abs(xywh - 0.5) <= 0.55, axis=1) & np.any(xywh % 1 > 0, axis=1)
    _refuse_most(
        entries,
        within_one & np.all((size_px == 0) | (size_px > _TINY_PX), axis=1),
        "of the boxes lie within one pixel, so they are parts (0 to 1) of the image's sides; bbox must be in pixels: "
        "multiply by width and height",
    )
    if len(xywh) < _LEAST_FOR_CORNERS or not size_px.all():
        return
    if ((xywh[:, 2:] > xywh[:, :2]) & (xywh[:, 2:] <= size_px + 1)).all():
        _refuse_most(
            entries,
            np.any(xywh[:, :2] + xywh[:, 2:] > size_px + 1, axis=1),
            "of the boxes leave their image, and all fit as two corners; bbox must be x, y, width, height, not x1, y1, "
            "x2, y2",
        )


def _refuse_most(entries: Entries, wrong: NDArray[np.bool_], problem: str) -> None:
    share = wrong.mean() if len(wrong) else 0.0
    if share > 0.5:
        row = int(wrong.argmax())
        box = reprlib.repr(entries.rows[row]["bbox"])
        raise DataError(f"{entries.where(row)}: bbox is {box}; {share:.0%} {problem}")


def _known(entries: Entries, images: Entries, categories: Entries) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    columns = []
    for key, named in (("image_id", images), ("category_id", categories)):
        known = sorted(named.ids.tolist())
        shown = ", ".join(map(str, known)) if len(known) <= _SHOWN else f"{known[0]}, {known[1]} ... {known[-1]}"
        right = f"an id of the ground truth's {named.name}: {shown}"
        values = entries.whole_numbers(key, right)
        entries.refuse(~np.isin(values, named.ids), key, right)
        columns.append(values)
    return columns[0], columns[1]
