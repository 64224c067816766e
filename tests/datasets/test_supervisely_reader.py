"""Supervisely json: only rectangles, each defect once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.core.errors import DataError
from benchmark.datasets.readers.reading import Repairs
from benchmark.datasets.readers.supervisely import read_supervisely


def write(folder: Path, *objects: dict[str, Any]) -> Path:
    path = folder / "1.jpg.json"
    path.write_text(json.dumps({"objects": list(objects)}))
    return path


RECTANGLE = {
    "id": 7,
    "classTitle": "Death_know",
    "geometryType": "rectangle",
    "points": {"exterior": [[30, 5], [10, 40]]},
}


def test_rectangles_in_any_corner_order_and_bitmaps_counted(tmp_path: Path) -> None:
    repairs = Repairs()
    path = write(tmp_path, RECTANGLE, {"id": 8, "classTitle": "Death_know", "geometryType": "bitmap"})
    boxes = read_supervisely(path, 100, 50, repairs)
    np.testing.assert_array_equal(boxes.xyxy, [[10, 5, 30, 40]])
    assert boxes.names == ("Death_know",)
    assert repairs.counts == {"bitmap shape not read, rectangles are": 1}


def test_rectangle_without_points(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="object 7: a rectangle needs classTitle and points"):
        read_supervisely(write(tmp_path, {**RECTANGLE, "points": {}}), 100, 50, Repairs())


@pytest.mark.parametrize("content", ["", "[]", "{}"])
def test_other_json(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(DataError, match=r"not (JSON|Supervisely json)"):
        read_supervisely(tmp_path / "a.json", 100, 50, Repairs())
