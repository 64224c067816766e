"""Every importer on a small download of its layout, nested, spaced, non-ASCII; and on the real images."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from benchmark.core.errors import DataError, UnknownNameError
from benchmark.datasets.build.manifest import manifest_path, read_manifest
from benchmark.datasets.build.scan import natural, scan
from benchmark.datasets.sources.leather import _pieces
from benchmark.datasets.sources.shared.source import UNKNOWN, load_sources

PINNED = sorted({row.source for row in read_manifest(manifest_path())})
"""the sources that mmio-open is made of; all others are read with --all only"""
SUPER_CATEGORIES = {
    "metallurgy",
    "automobile manufacturing",
    "precision electronics",
    "textiles",
    "daily necessities",
    "wood processing",
}


def shown(folder: Path, source: str) -> Counter[str]:
    images = scan([folder], [source])
    return Counter(name for image in images.images[source] for name in image.boxes.names)


def test_ten_pinned_sources_and_six_super_categories() -> None:
    sources = load_sources()
    assert len(PINNED) == 10
    assert {sources[name].super_category for name in PINNED} == SUPER_CATEGORIES
    for name, source in sources.items():
        supers = {source.super_category, *(kind.super_category for kind in source.kinds.values())}
        assert supers <= SUPER_CATEGORIES | {UNKNOWN, ""}
        assert name == source.name
        for kind in source.kinds.values():
            assert kind.synonyms, kind
            assert kind.description.endswith("."), kind
        assert source.facts.licence
        assert source.facts.url


def test_one_name_means_one_class_and_a_scene_lies_in_one_super_category() -> None:
    classes: dict[str, tuple[str, ...]] = {}
    supers: dict[str, str] = {}
    for source in load_sources().values():
        for kind in source.kinds.values():
            above = kind.super_category or source.super_category
            assert classes.setdefault(kind.name, (*kind.synonyms, kind.description, above)) == (
                *kind.synonyms,
                kind.description,
                above,
            )
            assert supers.setdefault(kind.scene, above) == above, kind


def test_all_sources_are_found_below_any_folder(downloads: Path) -> None:
    read_images = scan([downloads])
    assert sorted(read_images.images) == PINNED
    for source, images in read_images.images.items():
        assert images == sorted(images, key=lambda image: natural(image.key))
        assert len({image.key for image in images}) == len(images)
        assert all(image.group.startswith(f"{source}/") for image in images)


def test_neu_det_takes_the_name_in_the_xml(downloads: Path) -> None:
    assert shown(downloads, "neu-det")["inclusion"] == 3
    assert shown(downloads, "neu-det")["scratches"] == 1


def test_neu_det_in_parts(downloads: Path, tmp_path: Path) -> None:
    flat = downloads / "Stahl (böse)" / "neu"
    for path in flat.rglob("*_1.*"):
        part = "train" if path.stem < "p" else "validation"
        below = "annotations" if path.suffix == ".xml" else f"images/{path.stem.removesuffix('_1')}"
        target = tmp_path / "kaggle" / "NEU-DET" / part / below / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    images = scan([tmp_path / "kaggle"], ["neu-det"]).images["neu-det"]
    assert len(images) == 6
    assert images[0].key == "train/images/crazing/crazing_1.jpg"


def test_cr7_ids_follow_the_readme_and_names_have_spaces(downloads: Path) -> None:
    images = {image.path.stem: image.boxes.names for image in scan([downloads], ["cr7-det"]).images["cr7-det"]}
    assert images["oil spots7"] == ("oil spots",)
    assert images["macular7"] == ("macular",)


def test_deeppcb_pairs_test_images_and_groups_boards(downloads: Path) -> None:
    images = scan([downloads], ["deeppcb"]).images["deeppcb"]
    assert len(images) == 6
    assert all(image.path.stem.endswith("_test") for image in images)
    assert {image.group for image in images} == {"deeppcb/00041", "deeppcb/12000"}


def test_magnetic_tile_drops_empty_masks_and_keeps_free_tiles(downloads: Path) -> None:
    result = scan([downloads], ["magnetic-tile"])
    images = result.images["magnetic-tile"]
    assert len(images) == 11
    assert sum(not len(image.boxes) for image in images) == 2
    assert len({image.group for image in images}) == 6
    assert result.repairs["magnetic-tile"]["empty mask of a defective image: image left out"]["count"] == 1


def test_alu_groups_augmented_copies_and_bursts(downloads: Path) -> None:
    images = {i.path.stem: i.group for i in scan([downloads], ["alu-stamping"]).images["alu-stamping"]}
    assert images["1"] == images["2"] == images["1_z0"] != images["30"]


@pytest.mark.data
def test_alu_bursts_that_show_one_crack_are_one_group(open_data: Path) -> None:
    images = {i.path.stem: i.group for i in scan([open_data], ["alu-stamping"]).images["alu-stamping"]}
    assert images["3"] == images["26"] == images["41"] == images["119"] == images["125"] != images["73"]


def test_fabric_ids_mean_what_the_file_name_says(downloads: Path) -> None:
    assert shown(downloads, "fabric-cut-hole") == {"cut": 1, "hole": 1, "line": 1, "large hole": 1}


def test_fabric_with_an_id_that_means_nothing(downloads: Path) -> None:
    label = next(downloads.rglob("cut00*.txt"))
    label.write_text("0 0.5 0.5 0.1 0.1\n")
    with pytest.raises(DataError, match=r"cut00.*class id 0 has no meaning for carpet"):
        scan([downloads], ["fabric-cut-hole"])


def test_roboflow_names_in_either_case_and_polygons(downloads: Path) -> None:
    images = scan([downloads], ["fabric-hole-knot-stain"]).images["fabric-hole-knot-stain"]
    assert {image.group.partition("/")[2] for image in images} == {"a01", "DSC02", "a03"}
    assert all(len(image.boxes) == 2 for image in images)


def test_leather_groups_copies_across_train_and_valid(downloads: Path) -> None:
    assert len({image.group for image in scan([downloads], ["leather"]).images["leather"]}) == 4


def test_leather_takes_photos_that_follow_each_other_for_one_piece() -> None:
    names = ("Image_20220704161902604_bmp", "Image_20220704161907123_bmp", "Image_20220704161912900_bmp",
             "Growth-mark01-150-", "Growth-mark01-151-", "Growth-mark01-153-", "hide")  # fmt: skip
    pieces = _pieces(names)
    assert pieces[names[0]] == pieces[names[1]] == names[0]
    assert pieces[names[2]] == names[2], "5.8 s later"
    assert [pieces[name] for name in names[3:]] == [names[3], names[3], names[5], "hide"]


def test_hsst_groups_by_minute_and_leaves_empty_masks_out(downloads: Path) -> None:
    result = scan([downloads], ["fabric-stain-hsst"])
    assert len(result.images["fabric-stain-hsst"]) == 2
    assert len({image.group for image in result.images["fabric-stain-hsst"]}) == 1
    assert "empty mask of a defective image: image left out" in result.repairs["fabric-stain-hsst"]


def test_wood_counts_each_defect_once(downloads: Path) -> None:
    assert sum(shown(downloads, "wood-vsb").values()) == 5


def test_a_second_copy_of_a_source_is_counted(downloads: Path) -> None:
    shutil.copytree(downloads / "cr7", downloads / "cr7 again")
    result = scan([downloads], ["cr7-det"])
    assert len(result.images["cr7-det"]) == 7
    assert result.repairs["cr7-det"]["image of a second copy of the source left out"]["count"] == 7


def test_image_whose_boxes_are_all_dropped_is_left_out(downloads: Path) -> None:
    label = next(downloads.rglob("pits7.txt"))
    label.write_text("3 1.5 1.5 0.1 0.1\n")
    result = scan([downloads], ["cr7-det"])
    assert len(result.images["cr7-det"]) == 6
    assert result.repairs["cr7-det"]["image whose boxes were all dropped left out"]["count"] == 1


def test_errors_name_the_folder_and_the_class(downloads: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        scan([tmp_path / "gone"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no images"):
        scan([tmp_path / "empty"])
    Image.new("L", (9, 9)).save(tmp_path / "empty" / "a.png")
    with pytest.raises(DataError, match="none of the sources"):
        scan([tmp_path / "empty"])
    with pytest.raises(UnknownNameError, match="did you mean leather"):
        scan([downloads], ["lether"])
    label = next(downloads.rglob("crazing_1.xml"))
    label.write_text(label.read_text().replace("crazing</name>", "craze</name>"))
    with pytest.raises(DataError, match="names the class 'craze', which neu-det does not have; valid: crazing"):
        scan([downloads], ["neu-det"])


def test_source_without_any_pair(downloads: Path) -> None:
    for path in downloads.rglob("MT_*/Imgs/*.jpg"):
        path.unlink()
    with pytest.raises(DataError, match="has the layout of magnetic-tile and no image with a label"):
        scan([downloads], ["magnetic-tile"])


@pytest.mark.data
def test_real_box_counts(open_data: Path) -> None:
    """The counts of the sources' own cards; masks count components of at least 20 px, repeated boxes count once."""
    read_images = scan([open_data], ["cr7-det", "deeppcb", "alu-stamping", "fabric-cut-hole", "wood-vsb", "leather"])
    counts = {
        source: Counter(name for image in images for name in image.boxes.names)
        for source, images in read_images.images.items()
    }
    assert counts["cr7-det"] == {
        "pits": 545, "inclusion": 474, "oil spots": 438, "linear": 409, "macular": 343, "dents": 310, "punching": 297
    }  # fmt: skip
    assert counts["deeppcb"] == {
        "open": 817, "mousebite": 809, "spur": 684, "pin-hole": 636, "short": 606, "copper": 601
    }  # fmt: skip
    assert counts["alu-stamping"] == {"scratch": 50, "crack": 48, "wrinkle": 37, "edge indentation": 20, "rupture": 9}
    assert counts["fabric-cut-hole"] == {"cut": 16, "hole": 17, "line": 7, "large hole": 2}
    assert sum(counts["wood-vsb"].values()) == 70
    assert counts["leather"]["Growth Marks"] == 164
