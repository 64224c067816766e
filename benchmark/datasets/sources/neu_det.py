"""NEU-DET: six defects of hot-rolled steel strip, Pascal VOC; layouts with and without train and validation folders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmark.core.images import image_size
from benchmark.core.sample import Source
from benchmark.datasets.readers.reading import Repairs, pair_by_stem
from benchmark.datasets.readers.voc import read_voc
from benchmark.datasets.sources.shared.hot_rolled import (
    CRAZING,
    INCLUSION,
    PATCHES,
    PITTED_SURFACE,
    ROLLED_IN_SCALE,
    SCENE,
    SCRATCH,
)
from benchmark.datasets.sources.shared.source import (
    Expected,
    PublicSource,
    SourceImage,
    Tree,
    files_below,
    images_below,
    source_image,
    unique,
)

KINDS = {
    "crazing": CRAZING,
    "inclusion": INCLUSION,
    "patches": PATCHES,
    "pitted_surface": PITTED_SURFACE,
    "rolled-in_scale": ROLLED_IN_SCALE,
    "scratches": SCRATCH,
}
STEM = r"(?:crazing|inclusion|patches|pitted_surface|rolled-in_scale|scratches)_\d+"
PARTS = ("train", "validation", "valid", "val", "test")


def _roots(tree: Tree) -> list[Path]:
    labels = [folder for folder in tree.named("annotations") if tree.holds(folder, STEM + r"\.xml")]
    parents = [folder.parent for folder in labels]
    return unique([p.parent if p.name.casefold() in PARTS and p != tree.folder else p for p in parents])


def _read(root: Path, repairs: Repairs) -> Iterator[SourceImage]:
    for image, label in pair_by_stem(images_below(root, STEM), files_below(root, ".xml", STEM), repairs):
        size_px = image_size(image)
        yield source_image("neu-det", root, image, size_px, read_voc(label, *size_px, repairs), SCENE, image.stem)


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
