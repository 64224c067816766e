"""DeepPCB's text labels: one line `x1 y1 x2 y2 type` per box, in pixels, separated by spaces or commas."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from benchmark.core.errors import DataError
from benchmark.core.loading import read_text
from benchmark.datasets.readers.reading import Labelled, RawBox, Repairs, check_boxes, look_up, numbers


def read_deeppcb(path: Path, names: Mapping[int, str], width_px: int, height_px: int, repairs: Repairs) -> Labelled:
    """The boxes of one label file. names: type -> class name. Raises DataError with file and line."""
    boxes = []
    for number, line in enumerate(read_text(path, DataError).splitlines(), start=1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        values = numbers(re.split(r"[\s,]+", line.strip(" \t,")), where)
        if len(values) != 5:
            raise DataError(f"{where}: {len(values)} numbers; expected 5: x1 y1 x2 y2 type")
        x1, y1, x2, y2, kind = values
        boxes.append(RawBox(where, (x1, y1, x2, y2), look_up(names, kind, where)))
    if not boxes:
        repairs.add("empty label file read as defect-free", str(path))
    return check_boxes(boxes, width_px, height_px, repairs)
