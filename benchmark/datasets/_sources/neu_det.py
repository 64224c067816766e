"""NEU-DET: six defects of hot-rolled steel strip, Pascal VOC. Flat form and the form with parts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmark.core.sample import Source
from benchmark.datasets._reading import Repairs, image_size, pair_by_stem
from benchmark.datasets._sources._source import (
    Expected,
    Found,
    Kind,
    PublicSource,
    Tree,
    files_below,
    found,
    images_below,
    unique,
)
from benchmark.datasets._voc import read_voc

SCENE = "hot-rolled steel"
KINDS = {
    "crazing": Kind(
        "crazing", SCENE, ("craze cracking", "network of fine cracks"), "A net of fine, shallow cracks in the scale."
    ),
    "inclusion": Kind(
        "inclusion",
        SCENE,
        ("foreign particle", "slag inclusion"),
        "Foreign material rolled into the surface, seen as dark elongated specks along the rolling direction.",
    ),
    "patches": Kind(
        "patches", SCENE, ("blotches", "light patch"), "Irregular areas of different brightness spread over the strip."
    ),
    "pitted_surface": Kind(
        "pitted surface", SCENE, ("pitting", "corrosion pits"), "Many small dark cavities eaten into the surface."
    ),
    "rolled-in_scale": Kind(
        "rolled-in scale",
        SCENE,
        ("pressed-in oxide", "mill scale"),
        "Oxide scale pressed into the strip by the rolls, seen as rough dark flakes.",
    ),
    "scratches": Kind(
        "scratch", SCENE, ("score mark", "scrape"), "A long, thin, bright groove scraped along the strip."
    ),
}
STEM = r"(?:crazing|inclusion|patches|pitted_surface|rolled-in_scale|scratches)_\d+"
PARTS = ("train", "validation", "valid", "val", "test")


def _roots(tree: Tree) -> list[Path]:
    labels = [folder for folder in tree.named("annotations") if tree.holds(folder, STEM + r"\.xml")]
    parents = [folder.parent for folder in labels]
    return unique([p.parent if p.name.casefold() in PARTS and p != tree.folder else p for p in parents])


def _read(root: Path, repairs: Repairs) -> Iterator[Found]:
    for image, label in pair_by_stem(images_below(root, STEM), files_below(root, ".xml", STEM), repairs):
        size_px = image_size(image)
        yield found("neu-det", root, image, size_px, read_voc(label, *size_px, repairs), SCENE, image.stem)


SOURCE = PublicSource(
    facts=Source(
        "neu-det",
        "none stated; offered for research use with citation",
        redistributable=False,
        url="https://github.com/siddhartamukherjee/NEU-DET-Steel-Surface-Defect-Detection",
        citation="Y. He, K. Song, Q. Meng, Y. Yan: An End-to-end Steel Surface Defect Detection Approach via Fusing "
        "Multiple Hierarchical Features. IEEE Trans. Instrum. Meas. 69(4), 2020",
    ),
    title="NEU-DET, hot-rolled steel strip",
    super_category="metallurgy",
    kinds=KINDS,
    expected=Expected(1800, 4189),
    roots=_roots,
    read=_read,
)
