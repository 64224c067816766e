"""Ground truth and result files of any origin, checked row by row before an engine could misread them in silence.

A message names the file (where known), the id, and the fix.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from benchmark.core.errors import EvaluationError

Row = Mapping[str, Any]


def validate_ground_truth(
    coco: Row, file: str | Path | None = None, *, rules: Literal["coco", "lvis"] = "coco"
) -> None:
    """Check a ground truth dictionary as read from a COCO or LVIS json file.

    Raises EvaluationError for a missing list or key, ids that are no whole numbers or are used twice, annotation ids
    below 1 (an engine takes a match with id 0 for no match), unknown image or category ids, boxes or areas that are
    not finite or negative, `ignore` that an engine would not honour, and LVIS keys that an engine would fill in.
    """
    images, categories, annotations = (_rows(coco, key, file) for key in ("images", "categories", "annotations"))
    image_ids = _unique_ids(images, "image", 0, file)
    category_ids = _unique_ids(categories, "category", 0, file)
    _unique_ids(annotations, "annotation", 1, file)
    check = _Check(annotations, "annotation", file)
    check.known("image_id", image_ids)
    check.known("category_id", category_ids)
    check.column("bbox", _is_box, "four finite numbers x, y, width, height with width, height >= 0")
    check.column("area", _is_size, "a finite number >= 0 in square pixels; add area (width * height without a mask)")
    if rules == "coco":
        check.column("iscrowd", _is_flag, "0 or 1; add iscrowd: 0")
        check.rows(
            lambda row: not row.get("ignore") or row["iscrowd"] == 1,
            "has `ignore`, which COCO's rules overwrite by iscrowd; set iscrowd: 1 or remove `ignore`",
        )
    else:
        check.rows(
            lambda row: "ignore" not in row,
            "has `ignore`, which engines treat differently under LVIS rules; remove the key or the annotation",
        )
        check.rows(
            lambda row: not row.get("iscrowd"),
            "is a crowd, which LVIS rules do not know; remove the key or the annotation",
        )
        _check_federation(images, categories, category_ids, file)
    _refuse_corners(annotations, images, "annotations", file)


def validate_detections(detections: Any, ground_truth: Row, file: str | Path | None = None) -> None:
    """Check a list of detections as read from a COCO results file against a valid ground truth; empty is legal.

    Raises EvaluationError for anything but a list of objects with a known integer image_id and category_id, a bbox of
    four finite numbers with width, height >= 0, and a finite score; and where the boxes are two corners by mistake.
    """
    if not isinstance(detections, list) or not all(isinstance(row, Mapping) for row in detections):
        raise EvaluationError(f"{_at(file)}detections must be a list of objects, as in COCO's results format")
    check = _Check(detections, "detection", file)
    check.known("image_id", {row["id"] for row in ground_truth["images"]})
    check.known("category_id", {row["id"] for row in ground_truth["categories"]})
    check.column("bbox", _is_box, "four finite numbers x, y, width, height with width, height >= 0")
    check.column("score", _is_number, "a finite number (a missing one, NaN or infinity changes AP silently)")
    _refuse_corners(detections, ground_truth["images"], "detections", file)


def validate_detection_array(
    detections: NDArray[np.float64], ground_truth: Row, file: str | Path | None = None
) -> None:
    """The same for (N, 7) float64 rows: image id, x, y, width, height, score, category id. Raises EvaluationError."""
    if detections.dtype != np.float64 or detections.shape != (len(detections), 7):
        raise EvaluationError(
            f"{_at(file)}detections are {detections.dtype} {detections.shape}, expected float64 (N, 7): "
            "image id, x, y, width, height, score, category id"
        )
    problems = {
        "holds a value that is not finite": ~np.isfinite(detections).all(axis=1),
        "has a width or height below 0": (detections[:, 3:5] < 0).any(axis=1),
    }
    for column, key in ((0, "image"), (6, "category")):
        known = [row["id"] for row in ground_truth["images" if key == "image" else "categories"]]
        problems[f"has a {key} id that is none of the ground truth's"] = ~np.isin(detections[:, column], known)
    for problem, wrong in problems.items():
        if wrong.any():
            raise EvaluationError(f"{_at(file)}detection number {int(wrong.argmax())} (from 0) {problem}")


def _check_federation(
    images: Sequence[Row], categories: Sequence[Row], category_ids: set[int], file: str | Path | None
) -> None:
    def are_known(value: Any) -> bool:
        return isinstance(value, list) and all(_is_id(one) and one in category_ids for one in value)

    for key in ("neg_category_ids", "not_exhaustive_category_ids"):
        _Check(images, "image", file).column(key, are_known, "a list of known category ids (LVIS)")
    _Check(categories, "category", file).column("frequency", _is_frequency, "'r', 'c' or 'f' (LVIS)")


class _Check:
    """Goes down one column at a time and names the first row that is wrong."""

    def __init__(self, rows: Sequence[Row], what: str, file: str | Path | None) -> None:
        self._rows, self._what, self._file = rows, what, file

    def known(self, key: str, ids: set[int]) -> None:
        def is_known(value: Any) -> bool:
            return _is_id(value) and value in ids

        kind = key.removesuffix("_id")
        start = f" (from {min(ids)} on)" if ids else ""
        self.column(key, is_known, f"the integer id of one of the ground truth's {len(ids)} {kind} entries{start}")

    def column(self, key: str, right: Callable[[Any], bool], fix: str) -> None:
        for position, row in enumerate(self._rows):
            if not right(row.get(key)):
                found = f"{key} is {row[key]!r}" if key in row else f"has no {key}"
                raise EvaluationError(f"{self._name(position)}: {found}; it must be {fix}")

    def rows(self, right: Callable[[Row], bool], problem: str) -> None:
        for position, row in enumerate(self._rows):
            if not right(row):
                raise EvaluationError(f"{self._name(position)} {problem}")

    def _name(self, position: int) -> str:
        row = self._rows[position]
        known = f"id {row['id']}" if "id" in row else f"number {position} (from 0) of image {row.get('image_id')!r}"
        return f"{_at(self._file)}{self._what} {known}"


def _refuse_corners(rows: Sequence[Row], images: Iterable[Row], what: str, file: str | Path | None) -> None:
    """Two corners where COCO wants a corner and a size score 0.01 AP and no engine complains.

    Nearly certain where every row is in order as two corners inside its image and most leave it as corner and size.
    """
    sizes = {row["id"]: (row.get("width"), row.get("height")) for row in images}
    if len(rows) < 10 or not all(_is_number(side) for size in sizes.values() for side in size):
        return
    box = np.array([row["bbox"] for row in rows], np.float64)
    limit = np.array([sizes[row["image_id"]] for row in rows], np.float64)
    fit_as_corners = ((box[:, 2:] > box[:, :2]) & (box[:, 2:] <= limit + 1)).all()
    leave_as_size = (box[:, :2] + box[:, 2:] > limit + 1).any(axis=1)
    if fit_as_corners and leave_as_size.mean() > 0.5:
        raise EvaluationError(
            f"{_at(file)}{what}: {leave_as_size.mean():.0%} of the boxes leave their image, and all fit as two "
            "corners; bbox must be x, y, width, height, not x1, y1, x2, y2"
        )


def _rows(coco: Row, key: str, file: str | Path | None) -> Sequence[Row]:
    if not isinstance(coco, Mapping):
        raise EvaluationError(
            f"{file or 'ground truth'}: holds {type(coco).__name__}, expected an object with images, categories and "
            "annotations"
        )
    rows = coco.get(key)
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise EvaluationError(f"{_at(file)}'{key}' must be a list of objects; is this a COCO ground truth file?")
    return rows


def _unique_ids(rows: Sequence[Row], what: str, lowest: int, file: str | Path | None) -> set[int]:
    seen: set[int] = set()
    for position, row in enumerate(rows):
        value = row.get("id")
        if not isinstance(value, int) or isinstance(value, bool) or value < lowest:
            raise EvaluationError(
                f"{_at(file)}{what} number {position} (from 0): id is {value!r}; "
                f"ids must be integers from {lowest} on, so renumber them"
            )
        if value in seen:
            raise EvaluationError(f"{_at(file)}{what} id {value} is used twice; give each {what} an id of its own")
        seen.add(value)
    return seen


def _at(file: str | Path | None) -> str:
    return f"{file}: " if file else ""


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_size(value: Any) -> bool:
    return _is_number(value) and value >= 0


def _is_box(value: Any) -> bool:
    is_four = isinstance(value, (list, tuple)) and len(value) == 4
    return is_four and all(map(_is_number, value)) and value[2] >= 0 and value[3] >= 0


def _is_flag(value: Any) -> bool:
    return _is_id(value) and value in (0, 1)


def _is_frequency(value: Any) -> bool:
    return value in ("r", "c", "f")
