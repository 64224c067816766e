"""Pascal VOC xml: one file per image, `object/name` and `object/bndbox` in pixels.

Corners are not shifted: tools disagree on whether VOC counts pixels from 0 or 1.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element

from benchmark.core.errors import DataError
from benchmark.core.loading import read_xml
from benchmark.datasets.readers.reading import Labelled, RawBox, Repairs, check_boxes

CORNERS = ("xmin", "ymin", "xmax", "ymax")


def read_voc(path: Path, width_px: int, height_px: int, repairs: Repairs) -> Labelled:
    """The boxes of one xml file; class names are those of `object/name`, whatever file or folder is called.

    width_px, height_px: of the image itself. An xml with another size is counted as a repair; one with swapped sides
    gives boxes that are `on_its_side`. Raises DataError with file and object number.
    """
    root = read_xml(path, DataError)
    size = tuple(root.findtext(f"size/{side}", "").strip() for side in ("width", "height"))
    boxes = [_box(item, f"{path}: object {number}") for number, item in enumerate(root.iter("object"), start=1)]
    if width_px != height_px and size == (str(height_px), str(width_px)):
        return replace(check_boxes(boxes, height_px, width_px, repairs), on_its_side=True)
    if size not in {("", ""), (str(width_px), str(height_px))}:
        repairs.add("image size in the label corrected", str(path))
    return check_boxes(boxes, width_px, height_px, repairs)


def _box(item: Element, where: str) -> RawBox:
    name = item.findtext("name", "").strip()
    if not name:
        raise DataError(f"{where}: has no <name>; add the class name")
    try:
        x1, y1, x2, y2 = (float(item.findtext(f"bndbox/{corner}", "")) for corner in CORNERS)
    except ValueError as error:
        raise DataError(f"{where}: <bndbox> needs the numbers {', '.join(CORNERS)}") from error
    return RawBox(where, (x1, y1, x2, y2), name)
