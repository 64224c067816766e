"""Supervisely json (DatasetNinja): one file per image, `objects` with `rectangle` and `bitmap` shapes.

Only rectangles are read: each defect has both shapes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmark.core.errors import DataError
from benchmark.core.loading import read_json
from benchmark.datasets.readers.reading import Labelled, RawBox, Repairs, check_boxes


def read_supervisely(path: Path, width_px: int, height_px: int, repairs: Repairs) -> Labelled:
    """The rectangles of one file; other shapes are counted as repairs. Raises DataError with file and object."""
    try:
        objects = read_json(path, DataError)["objects"]
    except (KeyError, TypeError) as error:
        raise DataError(f"{path}: not Supervisely json with 'objects' ({error}); fetch it again") from error
    boxes = []
    for number, item in enumerate(objects):
        where = f"{path}: object {item.get('id', number)}"
        if item.get("geometryType") == "rectangle":
            boxes.append(_box(item, where))
        else:
            repairs.add(f"{item.get('geometryType')} shape not read, rectangles are", where)
    return check_boxes(boxes, width_px, height_px, repairs)


def _box(item: dict[str, Any], where: str) -> RawBox:
    try:
        (xa, ya), (xb, yb) = item["points"]["exterior"]
        name = str(item["classTitle"])
        # A rectangle is given by two opposite corners in any order.
        corners = (float(min(xa, xb)), float(min(ya, yb)), float(max(xa, xb)), float(max(ya, yb)))
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{where}: a rectangle needs classTitle and points.exterior [[x, y], [x, y]]") from error
    return RawBox(where, corners, name)
