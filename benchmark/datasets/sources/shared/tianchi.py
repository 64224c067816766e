"""Layout of the Tianchi competitions: one json with the boxes of all images, which it names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmark.core.errors import DataError
from benchmark.core.loading import read_json
from benchmark.datasets.readers.reading import RawBox, Repairs

LICENCE = "Tianchi terms: registration, research and education only"
Boxes = dict[str, list[RawBox]]
"""image name in lower case -> boxes"""


def listed_boxes(path: Path, name_of: Callable[[Mapping[str, Any], str], str | None]) -> Boxes:
    """The boxes of a json list of `{"name": image, "bbox": [x1, y1, x2, y2], class}`, by image.

    name_of(entry, where): the class name, None for an entry that marks a defect-free image. Raises DataError that names
    file and entry.
    """
    content = read_json(path, DataError)
    if not isinstance(content, list):
        raise DataError(f"{path}: expected a list of entries with name, bbox and class")
    boxes: Boxes = defaultdict(list)
    for number, entry in enumerate(content):
        where = f"{path}: entry {number}"
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            raise DataError(f"{where}: has no 'name' of its image")
        of_image, name = boxes[entry["name"].casefold()], name_of(entry, where)
        if name is not None:
            of_image.append(RawBox(where, corners(entry, where), name))
    return boxes


def corners(entry: Mapping[str, Any], where: str) -> tuple[float, float, float, float]:
    """The four numbers of `bbox`. Raises DataError for anything else."""
    try:
        a, b, c, d = (float(value) for value in entry["bbox"])
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{where}: bbox is {entry.get('bbox')!r}; expected four numbers") from error
    return a, b, c, d


def look_up(names: Mapping[Any, str], key: Any, where: str) -> str:
    """The class name of an entry. Raises DataError that lists the valid keys for any other."""
    if not isinstance(key, (int, str)) or key not in names:
        raise DataError(f"{where}: unknown class {key!r}; valid: {', '.join(map(str, names))}")
    return names[key]


def with_boxes(images: Iterable[Path], boxes: Mapping[str, list[RawBox]], repairs: Repairs) -> Iterator[Path]:
    """The images that the json names; images without a name and names without an image are counted as repairs."""
    waiting = dict.fromkeys(boxes)
    for image in images:
        if image.name.casefold() in waiting:
            del waiting[image.name.casefold()]
            yield image
        else:
            repairs.add("image without a label left out", str(image))
    for name in waiting:
        repairs.add("label of an image that is not there left out", boxes[name][0].where if boxes[name] else name)
