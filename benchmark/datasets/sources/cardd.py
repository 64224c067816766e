"""CarDD: damaged cars, one COCO json per part; the saliency part of the download (CarDD_SOD) is not read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from benchmark.core.images import image_size
from benchmark.core.sample import Source
from benchmark.datasets.readers.coco import boxes_by_file_name
from benchmark.datasets.readers.reading import Repairs, check_boxes
from benchmark.datasets.sources.shared.source import (
    Expected,
    Kind,
    PublicSource,
    SourceImage,
    Tree,
    child,
    files_below,
    images_below,
    source_image,
)
from benchmark.datasets.sources.shared.tianchi import with_boxes

SCENE = "car"
KINDS = {
    "dent": Kind("dent", SCENE, ("bump", "dented panel"), "The sheet of the body is pressed in."),
    "scratch": Kind("scratch", SCENE, ("scrape", "paint scratch"), "The paint is scraped in lines."),
    "crack": Kind("crack", SCENE, ("split", "broken bumper"), "A part of the body, mostly of plastic, is split."),
    "glass shatter": Kind("shattered glass", SCENE, ("broken window", "cracked windscreen"), "A window is shattered."),
    "lamp broken": Kind("broken lamp", SCENE, ("broken headlight", "smashed light"), "A lamp's cover is broken."),
    "tire flat": Kind("flat tyre", SCENE, ("flat tire", "deflated tyre"), "A tyre has lost its air."),
}
STEM = r"instances_(train|val|test)2017"
MARK = b"lamp broken"
MAX_BYTES = 64 << 20
"""COCO's own files have the same names and are larger"""


def _roots(tree: Tree) -> list[Path]:
    return [folder.parent for folder in tree.named("annotations") if any(map(_is_cardd, _tables(folder)))]


def _tables(folder: Path) -> list[Path]:
    return [path for path in files_below(folder, ".json", STEM) if path.parent == folder]


def _is_cardd(path: Path) -> bool:
    return path.stat().st_size <= MAX_BYTES and MARK in path.read_bytes()


def _read(root: Path, repairs: Repairs) -> Iterator[SourceImage]:
    for table in _tables(child(root, "annotations") or root):
        part = re.sub(STEM, r"\g<1>2017", table.stem.casefold())
        boxes = boxes_by_file_name(table)
        folder = child(root, part)
        images = images_below(folder) if folder else [i for i in images_below(root) if i.name.casefold() in boxes]
        for image in with_boxes(images, boxes, repairs):
            size_px = image_size(image)
            labelled = check_boxes(boxes[image.name.casefold()], *size_px, repairs)
            yield source_image("cardd", root, image, size_px, labelled, SCENE, f"{part}/{image.stem}")


SOURCE = PublicSource(
    facts=Source(
        "cardd",
        "CarDD agreement: research only, no redistribution",
        redistributable=False,
        url="https://cardd-ustc.github.io",
        citation="X. Wang, W. Li, Z. Wu: CarDD: A New Dataset for Vision-Based Car Damage Detection. IEEE Trans. "
        "Intell. Transp. Syst. 24(7), 2023",
    ),
    title="CarDD, damaged cars",
    super_category="automobile manufacturing",
    kinds=KINDS,
    expected=Expected(4000, 8740),
    roots=_roots,
    read=_read,
)
