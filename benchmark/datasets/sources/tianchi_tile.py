"""Tianchi 2021 ceramic tiles: large photos of each tile by three cameras, all boxes in `train_annos.json`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmark.core.images import image_size
from benchmark.core.sample import Source
from benchmark.datasets.readers.reading import Repairs, check_boxes
from benchmark.datasets.sources.shared.source import (
    Expected,
    Kind,
    PublicSource,
    SourceImage,
    Tree,
    child,
    images_below,
    source_image,
)
from benchmark.datasets.sources.shared.tianchi import LICENCE, listed_boxes, look_up, with_boxes

SCENE = "ceramic tile"
BACKGROUND = 0
NAMES = dict(
    enumerate(
        ("edge defect", "corner defect", "white spot", "light patch", "dark spot", "halo", "marker pen", "scratch"),
        start=1,
    )
)
"""7 and 8 occur in round 2 only"""
KINDS = {
    "edge defect": Kind("edge defect", SCENE, ("chipped edge", "edge crack"), "The tile's edge is chipped or cracked."),
    "corner defect": Kind(
        "corner defect", SCENE, ("broken corner", "missing corner"), "A corner is cracked or missing."
    ),
    "white spot": Kind("white spot", SCENE, ("white point", "pale speck"), "A small white point in the glaze."),
    "light patch": Kind("light patch", SCENE, ("pale patch", "light block"), "A patch lighter than the tile."),
    "dark spot": Kind("dark spot", SCENE, ("dark patch", "ink drop"), "A dark point or patch, of ink or dirt."),
    "halo": Kind("halo", SCENE, ("ring mark", "aperture flaw"), "A ring of light around a flaw in the glaze."),
    "marker pen": Kind("marker pen", SCENE, ("pen mark", "ink stroke"), "A stroke of a marker pen."),
    "scratch": Kind("scratch", SCENE, ("scrape", "score mark"), "A thin line scraped into the glaze."),
}
ANNOTATIONS = r"train_annos\.json"


def _roots(tree: Tree) -> list[Path]:
    return [f for f in tree.folders if tree.holds(f, ANNOTATIONS) and child(f, "train_imgs")]


def _read(root: Path, repairs: Repairs) -> Iterator[SourceImage]:
    path = next(entry for entry in root.iterdir() if re.fullmatch(ANNOTATIONS, entry.name, re.IGNORECASE))
    boxes = listed_boxes(path, _name)
    for image in with_boxes(images_below(child(root, "train_imgs") or root), boxes, repairs):
        size_px = image_size(image)
        labelled = check_boxes(boxes[image.name.casefold()], *size_px, repairs)
        # 226_46_t20201125133518273_CAM1: the first two numbers name the tile, which three cameras photograph.
        tile = "_".join(image.stem.split("_")[:2])
        yield source_image("tianchi-tile", root, image, size_px, labelled, SCENE, tile)


def _name(entry: Mapping[str, Any], where: str) -> str | None:
    category = entry.get("category")
    return None if category == BACKGROUND else look_up(NAMES, category, where)


SOURCE = PublicSource(
    facts=Source(
        "tianchi-tile",
        LICENCE,
        redistributable=False,
        url="https://tianchi.aliyun.com/dataset/110088",
        citation="Alibaba Tianchi: Guangdong Industrial Intelligence Innovation Competition, tile defects, 2021",
    ),
    title="Tianchi ceramic tile, round 1",
    super_category="daily necessities",
    kinds=KINDS,
    expected=Expected(5388, 15230),
    roots=_roots,
    read=_read,
)
