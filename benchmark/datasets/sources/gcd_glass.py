"""GCD: glass containers, YOLO labels; its two releases number the same five classes in different orders.

So the order is read from a yaml with `names` beside `images` and `labels`, which may have to be copied there from the
repository (`GCD.yaml`, `GCD-Part-1.yaml`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmark.core.errors import DataError
from benchmark.core.images import image_size
from benchmark.core.sample import Source
from benchmark.datasets.readers.reading import Repairs, pair_by_stem
from benchmark.datasets.readers.yolo import read_names, read_yolo
from benchmark.datasets.sources.shared.anomaly import folder_at, images_at
from benchmark.datasets.sources.shared.source import (
    Expected,
    Kind,
    PublicSource,
    SourceImage,
    Tree,
    child,
    files_below,
    source_image,
    unique,
)

SCENE = "glass container"
KINDS = {
    "oil": Kind(
        "oil", SCENE, ("oil stain", "grease mark"), "A dark smear of irregular shape left by oil of the mould."
    ),
    "black spot": Kind(
        "black spot", SCENE, ("dark speck", "black inclusion"), "A small, round, dark speck in the glass."
    ),
    "bubble": Kind("bubble", SCENE, ("blister", "seed"), "A bright, round, hollow gas bubble enclosed in the glass."),
    "plastering thread": Kind(
        "plastering thread", SCENE, ("glass thread", "striped streak"), "An irregular striped thread on the glass."
    ),
    "quenched grain": Kind(
        "quenched grain", SCENE, ("chill mark", "cold grain"), "A blurred, irregular grain from sudden cooling."
    ),
}


def _roots(tree: Tree) -> list[Path]:
    folders = [folder.parent for folder in tree.named("images") if child(folder.parent, "labels")]
    return unique([folder for folder in folders if _yaml(folder) or _is_gcd(folder, tree)])


def _is_gcd(folder: Path, tree: Tree) -> bool:
    """Whether the name of the folder, or of one above it inside the tree, begins with `gcd`."""
    inside = [at for at in (folder, *folder.parents) if at.is_relative_to(tree.folder)]
    return any(at.name.casefold().startswith("gcd") for at in inside)


def _yaml(root: Path) -> Path | None:
    """The yaml in the folder that lists exactly the classes of GCD, in any order; None without one."""
    for path in sorted(entry for entry in root.iterdir() if entry.suffix.lower() in (".yaml", ".yml")):
        try:
            names = {name.casefold() for name in read_names(path).values()}
        except DataError:
            continue  # a file of another project
        if names == set(KINDS):
            return path
    return None


def _read(root: Path, repairs: Repairs) -> Iterator[SourceImage]:
    path = _yaml(root)
    if path is None:
        raise DataError(
            f"{root}: no yaml says which number is which class, and releases differ; copy GCD.yaml or GCD-Part-1.yaml "
            f"of {SOURCE.facts.url} into this folder"
        )
    names = {number: name.casefold() for number, name in read_names(path).items()}
    for part in _parts(root):
        images, labels = folder_at(root, "images", *part), folder_at(root, "labels", *part)
        pairs = pair_by_stem(images_at(images), files_below(labels, ".txt") if labels else [], repairs)
        for image, label in pairs:
            size_px = image_size(image)
            boxes = read_yolo(label, names, *size_px, repairs)
            yield source_image("gcd-glass", root, image, size_px, boxes, SCENE, "/".join((*part, image.stem)))


def _parts(root: Path) -> list[tuple[str, ...]]:
    """Folders below `images`, each paired with its own labels: file names repeat between them. [()] without any."""
    images = child(root, "images")
    inner = sorted(entry.name for entry in images.iterdir() if entry.is_dir()) if images else []
    return [(name,) for name in inner] or [()]


SOURCE = PublicSource(
    facts=Source(
        "gcd-glass",
        "none stated; a sample is public",
        redistributable=False,
        url="https://github.com/hellozzk/GCD-Enhanced-Glass-Defect-Localization",
        citation="Enhanced Glass Defect Localization through Polarization Information Fusion and Reciprocal Feature "
        "Evolution: New Challenge, Dataset and Baseline (see the repository)",
    ),
    title="GCD, glass containers",
    super_category="daily necessities",
    kinds=KINDS,
    expected=Expected(note="a sample is public; MMIO holds 625 images of it"),
    roots=_roots,
    read=_read,
)
