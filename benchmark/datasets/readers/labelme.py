"""labelme json: one file per image, `shapes` with a `label` and `points`; a shape becomes the box around it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmark.core.errors import DataError
from benchmark.core.loading import read_json
from benchmark.datasets.readers.reading import Labelled, RawBox, Repairs, check_boxes


def read_labelme(path: Path, width_px: int, height_px: int, repairs: Repairs, ignored: Sequence[str] = ()) -> Labelled:
    """The boxes around the shapes of one file. ignored: labels that are not defects, counted as repairs.

    Raises DataError with file and shape number.
    """
    try:
        shapes = list(read_json(path, DataError)["shapes"])
    except (KeyError, TypeError) as error:
        raise DataError(f"{path}: not labelme json with 'shapes' ({error}); fetch it again") from error
    boxes = []
    for number, shape in enumerate(shapes, start=1):
        box = _box(shape, f"{path}: shape {number}")
        if box.name in ignored:
            repairs.add(f"box of {box.name}, which is no defect, not read", box.where)
        else:
            boxes.append(box)
    return check_boxes(boxes, width_px, height_px, repairs)


def _box(shape: Any, where: str) -> RawBox:
    try:
        name = str(shape["label"]).strip()
        points = [(float(x), float(y)) for x, y in shape["points"]]
        xs, ys = zip(*points, strict=True)
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{where}: needs a label and points [[x, y], ...] of at least one corner") from error
    return RawBox(where, (min(xs), min(ys), max(xs), max(ys)), name)
