"""Leather Defect Detection v1 of Roboflow: train and valid share originals, and several images show one piece.

File names identify augmented copies of an image. Photos of one piece were taken within seconds (most names contain the
time) or have consecutive numbers (the other names). All images of a piece are one group.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from benchmark.core.images import image_size
from benchmark.core.sample import Source
from benchmark.datasets.readers.reading import Repairs
from benchmark.datasets.readers.yolo import read_names, read_yolo
from benchmark.datasets.sources.shared.roboflow import original, pairs_of_parts, roots_with_names
from benchmark.datasets.sources.shared.source import (
    Expected,
    Kind,
    PublicSource,
    SourceImage,
    Tree,
    source_image,
    unique,
)

SCENE = "leather"
KINDS = {
    "Bacterial Injury": Kind(
        "bacterial injury", SCENE, ("bacterial damage", "grain decay"), "Grain eaten away by bacteria before tanning."
    ),
    "Crease": Kind("crease", SCENE, ("fold", "fold line"), "A sharp line where the hide was folded."),
    "Growth Marks": Kind(
        "growth mark", SCENE, ("fat wrinkle", "neck wrinkle"), "Natural parallel furrows of the living skin."
    ),
    "Healed Injury": Kind(
        "healed injury", SCENE, ("scar", "healed wound"), "A scar left in the grain by a wound that healed."
    ),
    "Hole": Kind("hole", SCENE, ("torn opening", "perforation"), "An opening that goes through the hide."),
    "Rotten surface": Kind(
        "rotten surface", SCENE, ("decayed surface", "putrefaction"), "A rough area where the grain has rotted away."
    ),
    "Scratch": Kind("scratch", SCENE, ("scrape", "score mark"), "A thin line scraped into the grain."),
    "pinhole": Kind("pinhole", SCENE, ("tiny hole", "insect prick"), "A tiny round hole in the grain."),
}
TIMED, NUMBERED = re.compile(r"Image_(\d{14})(\d{3})_"), re.compile(r"(.+?)-?(\d+)-?$")
SAME_PIECE_S = 5.0
"""the camera takes a photo every 2 to 3 s; half of the photos taken within this time of each other overlap"""


def _roots(tree: Tree) -> list[Path]:
    return unique(roots_with_names(tree, frozenset(name.casefold() for name in KINDS)))


def _read(root: Path, repairs: Repairs) -> Iterator[SourceImage]:
    names = read_names(next(path for path in root.iterdir() if path.name.lower() in ("data.yaml", "data.yml")))
    pairs = list(pairs_of_parts(root, repairs))
    pieces = _pieces({original(image.stem) for image, _ in pairs})
    for image, label in pairs:
        size_px = image_size(image)
        boxes = read_yolo(label, names, *size_px, repairs)
        yield source_image("leather", root, image, size_px, boxes, SCENE, pieces[original(image.stem)])


def _pieces(originals: Iterable[str]) -> dict[str, str]:
    """Name of an original -> name of the first photo of the same piece."""
    first: dict[str, str] = {}
    before = ("", float("-inf"), "")
    for series, place, name in sorted((*_place(name), name) for name in originals):
        follows = series == before[0] and place - before[1] <= (SAME_PIECE_S if series == "timed" else 1)
        first[name] = first[before[2]] if follows else name
        before = (series, place, name)
    return first


def _place(name: str) -> tuple[str, float]:
    """The series of a photo and its position in it: a time in seconds, or a number."""
    if timed := TIMED.match(name):
        return "timed", datetime.strptime(timed[1], "%Y%m%d%H%M%S").timestamp() + int(timed[2]) / 1000
    numbered = NUMBERED.fullmatch(name)
    return (numbered[1], float(numbered[2])) if numbered else (name, 0.0)


SOURCE = PublicSource(
    facts=Source(
        "leather",
        "CC BY 4.0",
        redistributable=True,
        url="https://universe.roboflow.com/tharun-hd6k6/leather-defect-detection-liak8/dataset/1",
        citation="Roboflow: Leather Defect Detection v1, workspace tharun-hd6k6",
    ),
    title="Leather Defect Detection v1",
    super_category="daily necessities",
    kinds=KINDS,
    expected=Expected(1083, 1705),
    roots=_roots,
    read=_read,
)
