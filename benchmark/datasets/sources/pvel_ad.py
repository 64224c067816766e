"""PVEL-AD: electroluminescence images of solar cells, Pascal VOC; `othertypes/good` holds cells without a defect.

The other folders of `othertypes` have classes without boxes and are not read. The labels of `test` were published in
2026; without them its images are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

from benchmark.core.images import image_size
from benchmark.core.sample import Source
from benchmark.datasets.readers.reading import Repairs, pair_by_stem
from benchmark.datasets.readers.voc import read_voc
from benchmark.datasets.sources.shared.anomaly import Read, folder_at, good, images_at
from benchmark.datasets.sources.shared.solar import SCENE
from benchmark.datasets.sources.shared.source import (
    Expected,
    Kind,
    PublicSource,
    SourceImage,
    Tree,
    child,
    files_below,
    source_image,
)

KINDS = {
    "finger": Kind(
        "finger interruption",
        SCENE,
        ("broken finger", "grid line break"),
        "Dark stripes where a grid finger is broken.",
    ),
    "crack": Kind("line crack", SCENE, ("crack", "fissure"), "A dark, jagged line through the wafer."),
    "black_core": Kind("black core", SCENE, ("dark core", "inactive core"), "A large round dark area of bad silicon."),
    "thick_line": Kind("thick line", SCENE, ("thick finger", "wide grid line"), "A dark line broader than a finger."),
    "star_crack": Kind("star crack", SCENE, ("cross crack", "X crack"), "Short cracks that cross in one point."),
    "corner": Kind("damaged corner", SCENE, ("corner defect", "dark corner"), "A corner of the cell is dark or lost."),
    "fragment": Kind("fragment", SCENE, ("broken piece", "chipped cell"), "A piece has broken out of the cell."),
    "scratch": Kind("scratch", SCENE, ("scrape", "score mark"), "A thin dark line scraped over the cell."),
    "horizontal_dislocation": Kind(
        "horizontal dislocation", SCENE, ("horizontal misalignment", "sideways shift"), "Cells are shifted sideways."
    ),
    "vertical_dislocation": Kind(
        "vertical dislocation", SCENE, ("vertical misalignment", "lengthwise shift"), "Cells are shifted lengthwise."
    ),
    "printing_error": Kind(
        "printing error", SCENE, ("misprint", "print defect"), "The printed grid is smeared or lies in a wrong place."
    ),
    "short_circuit": Kind("short circuit", SCENE, ("shunt", "dead cell"), "The cell, or most of it, stays dark."),
}
OF_NO_OTHER_SET = tuple(f"<name>{name}</name>".encode() for name in KINDS if name not in ("crack", "scratch", "corner"))
PARTS = ("trainval", "train", "val", "test")
LOOKED_INTO = 40
"""label files read to recognise the set: its layout is that of any VOC set"""


def _roots(tree: Tree) -> list[Path]:
    parts = [folder.parent for folder in tree.named("annotations") if child(folder.parent, "jpegimages")]
    ours = [part for part in parts if _is_pvel(tree, part)]
    return sorted({part.parent if part.name.casefold() in PARTS and part != tree.folder else part for part in ours})


def _is_pvel(tree: Tree, part: Path) -> bool:
    labels = child(part, "annotations") or part
    names = [name for name in tree.files[labels] if name.lower().endswith(".xml")]
    texts = ((labels / name).read_bytes() for name in islice(names, LOOKED_INTO))
    return any(mark in text for text in texts for mark in OF_NO_OTHER_SET)


def _read(root: Path, repairs: Repairs) -> Iterator[SourceImage]:
    fine = images_at(folder_at(root, "othertypes", "good"))
    parts = [root, *filter(None, (child(root, name) for name in PARTS))]
    for image, size_px, boxes in chain(good(fine), *(_labelled(part, repairs) for part in parts)):
        group = image.relative_to(root).with_suffix("").as_posix()
        yield source_image("pvel-ad", root, image, size_px, boxes, SCENE, group)


def _labelled(part: Path, repairs: Repairs) -> Iterator[Read]:
    images, labels = child(part, "jpegimages"), child(part, "annotations")
    for image, label in pair_by_stem(images_at(images), files_below(labels, ".xml") if labels else [], repairs):
        size_px = image_size(image)
        yield image, size_px, read_voc(label, *size_px, repairs)


SOURCE = PublicSource(
    facts=Source(
        "pvel-ad",
        "request form: research only, no redistribution",
        redistributable=False,
        url="https://github.com/binyisu/PVEL-AD",
        citation="B. Su, Z. Zhou, H. Chen: PVEL-AD: A Large-Scale Open-World Dataset for Photovoltaic Cell Anomaly "
        "Detection. IEEE Trans. Ind. Inform. 19(1), 2023",
    ),
    title="PVEL-AD, solar cells in electroluminescence",
    super_category="precision electronics",
    kinds=KINDS,
    expected=Expected(boxes=40358, note="36543 images, some of them with a class and no boxes"),
    roots=_roots,
    read=_read,
)
