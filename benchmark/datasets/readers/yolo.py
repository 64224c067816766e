"""YOLO text labels: `class cx cy w h` (a box) or `class x1 y1 x2 y2 x3 y3 ...` (a polygon), relative to the image.

One file may have both forms. A file without lines means a defect-free image, by the convention of the format.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from benchmark.core.errors import DataError
from benchmark.core.loading import read_text, read_yaml
from benchmark.datasets.readers.reading import Labelled, RawBox, Repairs, check_boxes, look_up, numbers

FAR_OUTSIDE = 2.0
"""a larger relative coordinate is refused: it is in pixels by mistake"""


def read_yolo(path: Path, names: Mapping[int, str], width_px: int, height_px: int, repairs: Repairs) -> Labelled:
    """The boxes of one label file; a polygon becomes the box around it.

    names: class id -> name. Raises DataError with file and line.
    """
    boxes = []
    for number, line in enumerate(read_text(path, DataError).splitlines(), start=1):
        fields = line.split()
        if fields:
            boxes.append(_box(fields, names, width_px, height_px, f"{path}:{number}"))
    if not boxes:
        repairs.add("empty label file read as defect-free", str(path))
    return check_boxes(boxes, width_px, height_px, repairs)


def _box(fields: list[str], names: Mapping[int, str], width_px: int, height_px: int, where: str) -> RawBox:
    values = numbers(fields, where)
    name = look_up(names, values[0], where)
    shape = values[1:]
    if any(abs(value) > FAR_OUTSIDE for value in shape):
        raise DataError(f"{where}: {line_of(shape)} is not relative to the image; divide pixels by width and height")
    if len(shape) == 4:
        cx, cy, w, h = shape
        xs, ys = [cx - w / 2, cx + w / 2], [cy - h / 2, cy + h / 2]
        corners = (xs[0], ys[0], xs[1], ys[1])
    elif len(shape) >= 6 and len(shape) % 2 == 0:
        xs, ys = shape[0::2], shape[1::2]
        corners = (min(xs), min(ys), max(xs), max(ys))
    else:
        raise DataError(
            f"{where}: {len(values)} numbers; expected 5 (class cx cy w h) or a class and three or more points"
        )
    x1, y1, x2, y2 = corners
    return RawBox(where, (x1 * width_px, y1 * height_px, x2 * width_px, y2 * height_px), name)


def line_of(values: list[float]) -> str:
    """Numbers separated by spaces, as in a label file."""
    return " ".join(f"{value:g}" for value in values)


def read_names(path: Path) -> dict[int, str]:
    """Class names of a data.yaml (`names` a list or a mapping), or of a classes.txt with one name per line.

    Raises DataError naming the file.
    """
    if path.suffix.casefold() == ".txt":
        lines = read_text(path, DataError).splitlines()
        return dict(enumerate(line.strip() for line in lines if line.strip()))
    content = read_yaml(path, DataError)
    names = content.get("names") if isinstance(content, dict) else None
    if isinstance(names, dict):
        wrong = [key for key in names if not str(key).isdecimal()]
        if wrong:
            raise DataError(f"{path}: 'names' has the key {wrong[0]!r}; expected class ids such as 0")
        return {int(key): str(name) for key, name in names.items()}
    if isinstance(names, list):
        return {number: str(name) for number, name in enumerate(names)}
    raise DataError(f"{path}: has no 'names'; add 'names: [first, second]' in the order of the class ids")
