"""Wood surface defects of VSB-TUO in Supervisely's form: every defect is drawn twice, only rectangles are read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmark.core.sample import Source
from benchmark.datasets._reading import Repairs, image_size, pair_by_stem
from benchmark.datasets._sources._source import (
    Found,
    Kind,
    PublicSource,
    Tree,
    child,
    files_below,
    found,
    images_below,
    unique,
)
from benchmark.datasets._supervisely import read_supervisely

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
PARTS = {"train", "val", "valid", "test", "ds"}


def _roots(tree: Tree) -> list[Path]:
    roots = []
    for folder in tree.named("ann"):
        labels = [name for name in tree.files[folder] if name.lower().endswith(".json")]
        if child(folder.parent, "img") and any(_is_wood(folder / name) for name in labels[:5]):
            part = folder.parent
            roots.append(part.parent if part.name.casefold() in PARTS and part != tree.folder else part)
    return unique(roots)


def _is_wood(label: Path) -> bool:
    text = label.read_text(encoding="utf-8", errors="replace")
    return any(f'"classTitle": "{name}"' in text or f'"classTitle":"{name}"' in text for name in KINDS)


def _read(root: Path, repairs: Repairs) -> Iterator[Found]:
    for image, label in pair_by_stem(images_below(root), files_below(root, ".json"), repairs, lambda path: path.name):
        size_px = image_size(image)
        yield found("wood-vsb", root, image, size_px, read_supervisely(label, *size_px, repairs), SCENE, image.stem)


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
    expected="25 images (slice), 70 boxes",
    roots=_roots,
    read=_read,
)
