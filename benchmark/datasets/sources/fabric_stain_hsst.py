"""Fabric stains (HSST): line-scan crops with binary masks. Crops overlap, so those of one minute are one group."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmark.core.images import image_size
from benchmark.core.sample import Source
from benchmark.datasets.readers.masks import binary_mask_boxes
from benchmark.datasets.readers.reading import Repairs, pair_by_stem
from benchmark.datasets.sources.shared.fabric import STAIN
from benchmark.datasets.sources.shared.source import (
    Expected,
    PublicSource,
    SourceImage,
    Tree,
    child,
    files_below,
    images_below,
    source_image,
)

KINDS = {"stain": STAIN}
STEM = r"\d{4}(?:_\d+){8}"
"""year, month, day, hour, minute, second, millisecond, then x and y of the crop"""
THRESHOLD = 127


def _roots(tree: Tree) -> list[Path]:
    masks = [folder for folder in tree.named("annotations") if tree.holds(folder, STEM + r"\.png")]
    return [folder.parent for folder in masks if child(folder.parent, "images")]


def _read(root: Path, repairs: Repairs) -> Iterator[SourceImage]:
    images = [path for path in images_below(root, STEM) if path.suffix.lower() != ".png"]
    for image, mask in pair_by_stem(images, files_below(root, ".png", STEM), repairs):
        size_px = image_size(image)
        boxes = binary_mask_boxes(mask, "stain", size_px, THRESHOLD, repairs)
        if not boxes.written:
            repairs.add("empty mask of a defective image: image left out", str(image))
            continue
        minute = "-".join(image.stem.split("_")[:5])
        yield source_image("fabric-stain-hsst", root, image, size_px, boxes, "fabric", minute)


SOURCE = PublicSource(
    facts=Source(
        "fabric-stain-hsst",
        "Apache-2.0",
        redistributable=True,
        url="https://github.com/SwaggyPinqi12/HSSTalgorithm",
        citation="Enhanced Fabric Stain Detection via Gabor-Optimized Saliency Fusion and Stability-Driven "
        "Thresholding. DOI 10.5281/zenodo.17430197",
    ),
    title="Fabric stains, HSST samples",
    super_category="textiles",
    kinds=KINDS,
    expected=Expected(25, note="one more has an empty mask"),
    roots=_roots,
    read=_read,
)
