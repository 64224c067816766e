"""Pascal VOC: `JPEGImages/`, `Annotations/*.xml`, and `ImageSets/Main/{train,val,trainval,test}.txt`.

Corners are counted from 0 and keep their fractions; they are not rounded to VOC's whole pixels counted from 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.etree import ElementTree

from benchmark.core.files import written_whole
from benchmark.core.sample import Category, Dataset, Sample
from benchmark.datasets.export.part import Part
from benchmark.datasets.readers.voc import CORNERS

PICTURES = "JPEGImages"


def write(folder: Path, dataset: Dataset, parts: Sequence[Part]) -> None:
    """Write one xml per image and one list of stems per part; images of all parts are moved into one folder."""
    (folder / "Annotations").mkdir(parents=True, exist_ok=True)
    for part in parts:
        for sample in part.samples:
            xml = _annotation(sample, part.file_name(sample), dataset.categories)
            xml.write(folder / "Annotations" / f"{part.stem(sample)}.xml", encoding="utf-8")
    stems = {part.name: [part.stem(sample) for sample in part.samples] for part in parts}
    stems["trainval"] = sorted([*stems["train"], *stems["val"]])
    for name, listed in stems.items():
        _write_list(folder / "ImageSets" / "Main" / f"{name}.txt", listed)
    _gather(folder, parts)


def _gather(folder: Path, parts: Iterable[Part]) -> None:
    """Move the images of all parts into `JPEGImages/`."""
    (folder / PICTURES).mkdir()
    for part in parts:
        for sample in part.samples:
            name = part.file_name(sample)
            (folder / part.pictures / name).rename(folder / PICTURES / name)
        (folder / part.pictures).rmdir()
    (folder / "images").rmdir()


def _write_list(path: Path, stems: Sequence[str]) -> None:
    with written_whole(path) as temporary:
        temporary.write_text("".join(f"{stem}\n" for stem in stems), encoding="utf-8")


def _annotation(sample: Sample, file_name: str, categories: Sequence[Category]) -> ElementTree.ElementTree:
    root = ElementTree.Element("annotation")
    _add(root, folder=PICTURES, filename=file_name)
    _add(ElementTree.SubElement(root, "size"), width=sample.width_px, height=sample.height_px, depth=3)
    boxes = sample.annotations
    for corners, label in zip(boxes.xyxy.tolist(), boxes.labels.tolist(), strict=True):
        item = ElementTree.SubElement(root, "object")
        _add(item, name=categories[label].name, pose="Unspecified", truncated=0, difficult=0)
        _add(ElementTree.SubElement(item, "bndbox"), **dict(zip(CORNERS, corners, strict=True)))
    ElementTree.indent(root)
    return ElementTree.ElementTree(root)


def _add(parent: ElementTree.Element, **values: object) -> None:
    for name, value in values.items():
        ElementTree.SubElement(parent, name).text = f"{value:.12g}" if isinstance(value, float) else str(value)
