"""CR7-DET: seven defects of cold-rolled steel strip, YOLO labels without a file of class names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmark.core.images import image_size
from benchmark.core.sample import Source
from benchmark.datasets.readers.reading import Repairs, pair_by_stem
from benchmark.datasets.readers.yolo import read_yolo
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

SCENE = "cold-rolled steel"
# Ids derived from the prefixes of the file names and the order of the classes in the source's README.
NAMES = dict(enumerate(("inclusion", "dents", "oil spots", "pits", "punching", "linear", "macular")))
KINDS = {
    "inclusion": Kind(
        "inclusion",
        SCENE,
        ("foreign particle", "slag inclusion"),
        "Non-metallic material in the surface: dark or reddish specks, blocks or lines.",
    ),
    "dents": Kind(
        "dent", SCENE, ("indentation", "impression"), "Straight, fine grooves pressed into the sheet at a fixed pitch."
    ),
    "oil spots": Kind(
        "oil spot", SCENE, ("oil stain", "grease mark"), "Dark or yellow spots of dried rolling oil, often repeating."
    ),
    "pits": Kind("pit", SCENE, ("pitting", "small cavity"), "A small hollow of some depth in the surface."),
    "punching": Kind(
        "punched hole", SCENE, ("hole", "perforation"), "A hole with a black inside that goes through the sheet."
    ),
    "linear": Kind(
        "linear mark", SCENE, ("scratch", "roll line"), "A long line along the strip, scraped by a roller or a guide."
    ),
    "macular": Kind(
        "macular blemish",
        SCENE,
        ("mottling", "speckled area"),
        "A cloud of fine specks, lighter or darker than the sheet.",
    ),
}
STEM = r"(?:inclusions?|dents?|oil[ _]spots?|pits?|punching|linear|macular)\d+"


def _roots(tree: Tree) -> list[Path]:
    labels = [folder for folder in tree.named("labels?") if tree.holds(folder, STEM + r"\.txt")]
    return [f.parent for f in labels if child(f.parent, "image") or child(f.parent, "images")]


def _read(root: Path, repairs: Repairs) -> Iterator[SourceImage]:
    for image, label in pair_by_stem(images_below(root, STEM), files_below(root, ".txt", STEM), repairs):
        size_px = image_size(image)
        yield source_image(
            "cr7-det", root, image, size_px, read_yolo(label, NAMES, *size_px, repairs), SCENE, image.stem
        )


SOURCE = PublicSource(
    facts=Source(
        "cr7-det",
        "none stated",
        redistributable=False,
        url="https://github.com/jsq0903/CR7-DET",
        citation="A High-Precision And Real-Time Lightweight Detection Model for Small Defects in Cold-Rolled Steel "
        "(SC-YOLOv8, CR7-DET)",
    ),
    title="CR7-DET, cold-rolled steel strip",
    super_category="metallurgy",
    kinds=KINDS,
    expected=Expected(4140, 11020),
    roots=_roots,
    read=_read,
)
