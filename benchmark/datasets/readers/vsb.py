"""Wood labels of VSB-TUO: one line `name<TAB>left<TAB>top<TAB>right<TAB>bottom` per box, relative, decimal commas."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from benchmark.core.errors import DataError
from benchmark.core.loading import read_text
from benchmark.datasets.readers.reading import Labelled, RawBox, Repairs, check_boxes, numbers

FAR_OUTSIDE = 2.0
"""a larger relative coordinate is refused: it is in pixels by mistake"""


def read_vsb(path: Path, names: Mapping[str, str], width_px: int, height_px: int, repairs: Repairs) -> Labelled:
    """The boxes of one label file; a file without lines means a defect-free board.

    names: class name in lower case -> class name to return. Decimal points and spaces are accepted as well. Raises
    DataError with file and line.
    """
    boxes = []
    for number, line in enumerate(read_text(path, DataError).splitlines(), start=1):
        fields = line.split()
        if fields:
            boxes.append(_box(fields, names, width_px, height_px, f"{path}:{number}"))
    if not boxes:
        repairs.add("empty label file read as defect-free", str(path))
    return check_boxes(boxes, width_px, height_px, repairs)


def _box(fields: list[str], names: Mapping[str, str], width_px: int, height_px: int, where: str) -> RawBox:
    if len(fields) < 5:
        raise DataError(f"{where}: {len(fields)} fields; expected a name and left, top, right, bottom")
    name = "_".join(fields[:-4])
    if name.casefold() not in names:
        raise DataError(f"{where}: unknown class '{name}'; valid: {', '.join(sorted(names))}")
    left, top, right, bottom = numbers([field.replace(",", ".") for field in fields[-4:]], where)
    if any(abs(value) > FAR_OUTSIDE for value in (left, top, right, bottom)):
        raise DataError(f"{where}: not relative to the image; divide pixels by width and height")
    corners = (left * width_px, top * height_px, right * width_px, bottom * height_px)
    return RawBox(where, corners, names[name.casefold()])
