"""GC10-DET: ten defects of steel sheet, Pascal VOC; the folder of the labels is spelt `lable`.

An image is in the folder of one of its classes and may show several: classes are read from the xml only, in pinyin.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmark.core.images import image_size
from benchmark.core.sample import Source
from benchmark.datasets.readers.reading import Labelled, Repairs, pair_by_stem
from benchmark.datasets.readers.voc import read_voc
from benchmark.datasets.sources.shared.source import (
    Expected,
    Kind,
    PublicSource,
    SourceImage,
    Tree,
    files_below,
    images_below,
    source_image,
    unique,
)

SCENE = "steel sheet"
KINDS = {
    "1_chongkong": Kind(
        "punching hole", SCENE, ("punched hole", "unwanted hole"), "A round hole punched through the strip by mistake."
    ),
    "2_hanfeng": Kind(
        "welding line", SCENE, ("weld seam", "strip joint"), "The weld across the strip where two coils were joined."
    ),
    "3_yueyawan": Kind(
        "crescent gap", SCENE, ("half-moon cut", "crescent bend"), "A half-moon cut out of the edge of the strip."
    ),
    "4_shuiban": Kind("water spot", SCENE, ("water stain", "drying mark"), "A pale patch where water dried."),
    "5_youban": Kind("oil spot", SCENE, ("oil stain", "lubricant mark"), "A dark patch left by oil of the machine."),
    "6_siban": Kind(
        "silk spot", SCENE, ("silky streak", "wavy mark"), "A wavy, plaque-like streak from uneven heat and pressure."
    ),
    "7_yiwu": Kind("inclusion", SCENE, ("foreign body", "foreign matter"), "Foreign matter pressed into the sheet."),
    "8_yahen": Kind("rolled pit", SCENE, ("roll mark", "roller dent"), "A dent that a damaged roll presses in."),
    "9_zhehen": Kind("crease", SCENE, ("fold line", "kink"), "A vertical line where the sheet was folded."),
    "10_yaozhe": Kind(
        "waist folding",
        SCENE,
        ("waist fold", "coil break"),
        "Close folds across the middle of the sheet, like wrinkles.",
    ),
}
OTHER_SPELLINGS = {"10_yaozhed": "10_yaozhe"}
NO_CLASS = "d"
"""name of one object in the download, with unknown meaning"""
STEM = r"img_\d+_\d+_\d+"


def _roots(tree: Tree) -> list[Path]:
    labels = tree.named("lable|labels?|annotations")
    return unique([folder.parent for folder in labels if tree.holds(folder, STEM + r"\.xml")])


def _read(root: Path, repairs: Repairs) -> Iterator[SourceImage]:
    for image, label in pair_by_stem(images_below(root, STEM), files_below(root, ".xml", STEM), repairs):
        size_px = image_size(image)
        boxes = _named(read_voc(label, *size_px, repairs), label, repairs)
        # img_<camera>_<strip>_<frame>: several frames of a strip show the same defect.
        yield source_image("gc10-det", root, image, size_px, boxes, SCENE, image.stem.rpartition("_")[0])


def _named(boxes: Labelled, label: Path, repairs: Repairs) -> Labelled:
    names = [OTHER_SPELLINGS.get(name.casefold(), name.casefold()) for name in boxes.names]
    kept = [index for index, name in enumerate(names) if name != NO_CLASS]
    for _ in range(len(names) - len(kept)):
        repairs.add(f"box of the unknown class '{NO_CLASS}' dropped", str(label))
    return replace(boxes, xyxy=boxes.xyxy[kept], names=tuple(names[index] for index in kept))


SOURCE = PublicSource(
    facts=Source(
        "gc10-det",
        "none stated by its authors; CC BY 4.0 according to DatasetNinja",
        redistributable=False,
        url="https://github.com/lvxiaoming2019/GC10-DET-Metallic-Surface-Defect-Datasets",
        citation="X. Lv, F. Duan, J. Jiang, X. Fu, L. Gan: Deep Metallic Surface Defect Detection: The New Benchmark "
        "and Detection Network. Sensors 20(6), 2020",
    ),
    title="GC10-DET, steel sheet",
    super_category="metallurgy",
    kinds=KINDS,
    expected=Expected(2300, 3563),
    roots=_roots,
    read=_read,
)
