"""Wood surface defects of VSB-TUO, in the official layout or Supervisely's.

Official: `Images1` to `Images10` with bmp files, `Bounding Boxes/<id>_anno.txt`; `Semantic Maps` are not read.
Supervisely: every defect has a rectangle and a bitmap, only rectangles are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from benchmark.core.images import image_size
from benchmark.core.sample import Source
from benchmark.datasets.readers.reading import Repairs, pair_by_stem
from benchmark.datasets.readers.supervisely import read_supervisely
from benchmark.datasets.readers.vsb import read_vsb
from benchmark.datasets.sources.shared.anomaly import Read
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
    unique,
)

SCENE = "wood"
KINDS = {
    "Live_knot": Kind(
        "live knot", SCENE, ("sound knot", "tight knot"), "A light brown knot whose rings have grown into the wood."
    ),
    "Death_know": Kind(
        "dead knot", SCENE, ("black knot", "loose knot"), "A dark knot with a black rim that has not grown in."
    ),
    "knot_with_crack": Kind(
        "cracked knot", SCENE, ("knot with crack", "split knot"), "A knot with dark radial cracks in it."
    ),
    "Knot_missing": Kind("missing knot", SCENE, ("knot hole", "fallen-out knot"), "A hole where a knot fell out."),
    "Crack": Kind("crack", SCENE, ("check", "split"), "A narrow dark opening along the grain."),
    "resin": Kind("resin pocket", SCENE, ("pitch pocket", "resin streak"), "A dark, shiny streak filled with resin."),
    "Marrow": Kind("marrow", SCENE, ("pith", "heart pith"), "A soft brown line, the pith of the trunk."),
    "Quartzity": Kind("quartzity", SCENE, ("mineral streak", "quartz line"), "A hard, glassy, dark mineral streak."),
    "Blue_stain": Kind("blue stain", SCENE, ("fungal stain", "sap stain"), "A bluish-grey discolouration by fungi."),
    "overgrown": Kind("overgrown wood", SCENE, ("bark pocket", "ingrown bark"), "Bark overgrown by later wood."),
}
OFFICIAL = {**{name.casefold(): name for name in KINDS}, "dead_knot": "Death_know"}
"""official names in lower case -> names of Supervisely: case and the spelling of the dead knot differ"""
IMAGES, LABELS = r"images[ _]?\d*", r"bounding[ _]boxes"
PARTS = {"train", "val", "valid", "test", "ds"}


def _roots(tree: Tree) -> list[Path]:
    roots = [
        folder.parent
        for folder in tree.named(LABELS)
        if any(tree.holds(f, r".*_anno\.txt") for f in _below(tree, folder))
    ]
    for folder in tree.named("ann"):
        labels = [name for name in tree.files[folder] if name.lower().endswith(".json")]
        if child(folder.parent, "img") and any(_is_wood(folder / name) for name in labels[:5]):
            part = folder.parent
            roots.append(part.parent if part.name.casefold() in PARTS and part != tree.folder else part)
    return unique(roots)


def _below(tree: Tree, folder: Path) -> list[Path]:
    return [folder, *tree.inside(folder)]


def _is_wood(label: Path) -> bool:
    text = label.read_text(encoding="utf-8", errors="replace")
    return any(f'"classTitle": "{name}"' in text or f'"classTitle":"{name}"' in text for name in KINDS)


def _read(root: Path, repairs: Repairs) -> Iterator[SourceImage]:
    labels = [folder for folder in _children(root, LABELS) for folder in files_below(folder, ".txt", r".*_anno")]
    read = _official(root, labels, repairs) if labels else _supervisely(root, repairs)
    for image, size_px, boxes in read:
        yield source_image("wood-vsb", root, image, size_px, boxes, SCENE, image.stem)


def _official(root: Path, labels: list[Path], repairs: Repairs) -> Iterator[Read]:
    images = [image for folder in _children(root, IMAGES) for image in images_below(folder)]
    for image, label in pair_by_stem(images, labels, repairs, lambda path: f"{path.stem}_anno"):
        size_px = image_size(image)
        yield image, size_px, read_vsb(label, OFFICIAL, *size_px, repairs)


def _supervisely(root: Path, repairs: Repairs) -> Iterator[Read]:
    for image, label in pair_by_stem(images_below(root), files_below(root, ".json"), repairs, lambda path: path.name):
        size_px = image_size(image)
        yield image, size_px, read_supervisely(label, *size_px, repairs)


def _children(root: Path, pattern: str) -> list[Path]:
    folders = (
        folder for folder in root.iterdir() if folder.is_dir() and re.fullmatch(pattern, folder.name, re.IGNORECASE)
    )
    return sorted(folders)


SOURCE = PublicSource(
    facts=Source(
        "wood-vsb",
        "CC BY 4.0 (Zenodo 4694695)",
        redistributable=True,
        url="https://github.com/DarinaStegailo221RDB186/wood-defect-detection-2.5",
        citation="P. Kodytek, A. Bodzas, P. Bilik: A large-scale image dataset of wood surface defects for automated "
        "vision-based quality control processes. F1000Research 10:581, 2021",
    ),
    title="VSB-TUO wood surface defects",
    super_category="wood processing",
    kinds=KINDS,
    expected=Expected(20275, 43000, note="the pinned slice: 25 images, 70 boxes"),
    roots=_roots,
    read=_read,
)
