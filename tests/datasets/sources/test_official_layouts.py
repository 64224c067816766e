"""What holds for every official layout: found anywhere, told from the others, tolerant of letter case and junk."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benchmark.core.errors import DataError
from benchmark.datasets.build.scan import scan
from benchmark.datasets.sources.shared.source import Tree, load_sources
from tests.datasets.official_layouts import IMAGES as SOME_IMAGES
from tests.datasets.official_layouts import LAYOUTS as SOME_LAYOUTS
from tests.datasets.official_metal_layouts import METAL, METAL_IMAGES
from tests.datasets.official_product_layouts import PRODUCT_IMAGES, PRODUCTS

LAYOUTS = SOME_LAYOUTS | METAL | PRODUCTS
IMAGES = SOME_IMAGES | METAL_IMAGES | PRODUCT_IMAGES
EACH = pytest.mark.parametrize("source", sorted(LAYOUTS))


@EACH
def test_is_found_below_spaces_and_non_ascii(source: str, tmp_path: Path) -> None:
    LAYOUTS[source](tmp_path / "Läden 数据" / "my downloads" / source)
    images = scan([tmp_path], [source]).images[source]
    assert len(images) == IMAGES[source]
    assert all(image.source == source and image.group.startswith(f"{source}/") for image in images)
    assert all(
        (image.width_px, image.height_px) in {(64, 48), (256, 16), (200, 200), (32, 200), (16, 250)} for image in images
    )
    names = {name for image in images for name in image.boxes.names}
    assert names <= set(load_sources()[source].kinds)


@EACH
def test_is_read_by_no_other_importer(source: str, tmp_path: Path) -> None:
    LAYOUTS[source](tmp_path / source)
    result = scan([tmp_path])
    assert list(result.images) == [source]
    assert set(result.repairs[source]) <= {
        "empty label file read as defect-free",
        "box of 背景, which is no defect, not read",
        "box of 喷码正常, which is no defect, not read",
        "box of the unknown class 'd' dropped",
        "image of a defect without a box left out",
        "image without a label file left out",
    }


@EACH
def test_keys_do_not_depend_on_where_it_lies(source: str, tmp_path: Path) -> None:
    LAYOUTS[source](tmp_path / "a")
    LAYOUTS[source](tmp_path / "b" / "deeper" / "still")
    first, second = (
        {
            image.key: (image.group, image.boxes.names, image.boxes.xyxy.tolist())
            for image in scan([tmp_path / x]).images[source]
        }
        for x in ("a", "b")
    )
    assert first == second


@EACH
def test_letter_case_of_folders_and_suffixes_does_not_matter(source: str, tmp_path: Path) -> None:
    LAYOUTS[source](tmp_path / "download")
    for path in sorted(tmp_path.rglob("*"), key=lambda path: -len(path.parts)):
        other = path.name.upper() if path.is_dir() else path.stem + path.suffix.swapcase()
        path.rename(path.with_name(other))
    images = scan([tmp_path], [source]).images[source]
    assert len(images) == IMAGES[source]
    assert {name for image in images for name in image.boxes.names} <= set(load_sources()[source].kinds)


@EACH
def test_defective_images_without_labels_do_not_pass_for_defect_free(source: str, tmp_path: Path) -> None:
    LAYOUTS[source](tmp_path)
    whole = scan([tmp_path], [source]).images[source]
    free = sum(not len(image.boxes) for image in whole)
    for label in labels_of(source, tmp_path):
        label.unlink()
    if source in KNOWN_BY_LABELS:
        with pytest.raises(DataError, match=r"none of the sources|no image with a label"):
            scan([tmp_path], [source])
    else:
        result = scan([tmp_path], [source])
        assert len(result.images[source]) == free
        assert "image without a label file left out" in result.repairs[source]


KNOWN_BY_LABELS = {"tianchi-bottle", "tianchi-tile", "tianchi-fabric", "pku-market-pcb", "wood-vsb", *METAL, *PRODUCTS}


def labels_of(source: str, folder: Path) -> list[Path]:
    patterns = {
        "pku-market-pcb": "*.xml",
        "tianchi-tile": "*.json",
        "tianchi-fabric": "*.json",
        "tianchi-bottle": "*.json",
        "wood-vsb": "*_anno.txt",
        "mvtec-ad": "*_mask.png",
        "aitex": "*_mask*.png",
        "dagm-2007": "*_label.PNG",
        "visa": "Masks/*/*.png",
        "btad": "ground_truth/*/*",
        "gc10-det": "*.xml",
        "kolektor-sdd": "*_label.bmp",
        "kolektor-sdd2": "*_GT*.png",
        "neu-det": "*.xml",
        "neu-seg": "annotations/*/*.png",
        "rsdds": "GroundTruth/*",
        "severstal": "train.csv",
        "tianchi-aluminium": "*.json",
        "x-sdd": "*.xml",
        "cardd": "*.json",
        "elpv": "labels.csv",
        "gcd-glass": "labels/*/*.txt",
        "pvel-ad": "*.xml",
    }
    return list(folder.rglob(patterns[source]))


def test_all_together(tmp_path: Path) -> None:
    for source, make in LAYOUTS.items():
        make(tmp_path / source)
    assert {source: len(images) for source, images in scan([tmp_path]).images.items()} == IMAGES


@EACH
def test_what_operating_systems_add_does_not_matter(source: str, tmp_path: Path) -> None:
    root = LAYOUTS[source](tmp_path / "download")
    for path in [path for path in root.rglob("*") if path.is_file()]:
        (path.parent / f"._{path.name}").write_bytes(b"fork")
        (path.parent / "Thumbs.db").write_bytes(b"thumbs")
        other = root / "__MACOSX" / path.relative_to(root).parent / f"._{path.name}"
        other.parent.mkdir(parents=True, exist_ok=True)
        other.write_bytes(b"fork")
    assert len(scan([tmp_path], [source]).images[source]) == IMAGES[source]


@EACH
def test_the_innermost_folder_of_a_download_may_be_given(source: str, tmp_path: Path) -> None:
    LAYOUTS[source](tmp_path / "x")
    keys = {image.key for image in scan([tmp_path], [source]).images[source]}
    for number, root in enumerate(load_sources()[source].roots(Tree(tmp_path))):
        alone = shutil.copytree(root, tmp_path / f"alone{number}" / root.name)
        assert {image.key for image in scan([alone], [source]).images[source]} <= keys
