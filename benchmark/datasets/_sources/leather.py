"""Leather Defect Detection v1 of Roboflow: train and valid share source images, so copies are grouped by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmark.core.sample import Source
from benchmark.datasets._reading import Repairs, image_size
from benchmark.datasets._sources._roboflow import original, pairs_of_parts, roots_with_names
from benchmark.datasets._sources._source import Expected, Found, Kind, PublicSource, Tree, found, unique
from benchmark.datasets._yolo import read_names, read_yolo

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


def _roots(tree: Tree) -> list[Path]:
    return unique(roots_with_names(tree, frozenset(name.casefold() for name in KINDS)))


def _read(root: Path, repairs: Repairs) -> Iterator[Found]:
    names = read_names(next(path for path in root.iterdir() if path.name.lower() in ("data.yaml", "data.yml")))
    for image, label in pairs_of_parts(root, repairs):
        size_px = image_size(image)
        boxes = read_yolo(label, names, *size_px, repairs)
        yield found("leather", root, image, size_px, boxes, SCENE, original(image.stem))


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
