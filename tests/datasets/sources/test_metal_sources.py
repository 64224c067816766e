"""Steel, rails, commutators and aluminium: boxes, classes and groups; quirks and broken downloads of each."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmark.core.errors import DataError
from benchmark.datasets.build.scan import scan
from benchmark.datasets.sources.shared.source import SourceImage, load_sources
from tests.datasets.official_layouts import mask, photo, text
from tests.datasets.official_metal_layouts import (
    X_SDD_CLASSES,
    gc10_det,
    kolektor_sdd,
    kolektor_sdd2,
    labelme,
    neu_det,
    neu_seg,
    rle,
    rsdds,
    severstal,
    tianchi_aluminium,
    voc,
    x_sdd,
)


def read(folder: Path, source: str) -> dict[str, SourceImage]:
    return {image.key: image for image in scan([folder], [source]).images[source]}


def repairs(folder: Path, source: str) -> dict[str, object]:
    return {kind: facts["count"] for kind, facts in scan([folder], [source]).repairs[source].items()}


def boxes_of(image: SourceImage) -> dict[tuple[float, ...], str]:
    return {tuple(corners): name for corners, name in zip(image.boxes.xyxy.tolist(), image.boxes.names, strict=True)}


def replace_in(path: Path, old: str, new: str) -> None:
    content = path.read_text(encoding="utf-8")
    assert old in content
    path.write_text(content.replace(old, new), encoding="utf-8")


def test_neu_det_of_kaggle_pairs_over_class_folders(tmp_path: Path) -> None:
    images = read(neu_det(tmp_path), "neu-det")
    image = images["validation/images/scratches/scratches_241.jpg"]
    assert boxes_of(image) == {(2, 3, 30, 40): "scratches", (33, 3, 60, 40): "inclusion"}
    assert {image.group for image in images.values()} == {f"neu-det/{image.path.stem}" for image in images.values()}
    assert repairs(tmp_path, "neu-det") == {}


def test_neu_det_flat_form_with_images_for_validation_in_a_folder_of_their_own(tmp_path: Path) -> None:
    for folder, stem in (("IMAGES", "crazing_1"), ("Validation_Images", "crazing_10")):
        photo(tmp_path / "NEU-DET" / folder / f"{stem}.jpg")
        voc(tmp_path / "NEU-DET" / "ANNOTATIONS" / f"{stem}.xml", [("crazing", (2, 3, 30, 40))])
    assert set(read(tmp_path, "neu-det")) == {"IMAGES/crazing_1.jpg", "Validation_Images/crazing_10.jpg"}


def test_gc10_takes_classes_from_the_xml_and_frames_of_a_strip_together(tmp_path: Path) -> None:
    images = read(gc10_det(tmp_path), "gc10-det")
    image = images["10/img_02_340261710_00007.jpg"]
    assert boxes_of(image) == {(4, 5, 30, 25): "10_yaozhe", (35, 5, 60, 40): "10_yaozhe"}
    assert image.group == images["10/img_02_340261710_00009.jpg"].group == "gc10-det/img_02_340261710"
    assert len({each.group for each in images.values()}) == 10


def test_gc10_drops_the_object_of_no_class_and_keeps_its_image(tmp_path: Path) -> None:
    images = read(gc10_det(tmp_path), "gc10-det")
    assert images["7/img_07_340261707_00009.jpg"].boxes.names == ("7_yiwu",)
    assert repairs(tmp_path, "gc10-det") == {"box of the unknown class 'd' dropped": 1}
    voc(next(tmp_path.rglob("img_01_340261701_00007.xml")), [("d", (4, 5, 30, 25))])
    assert repairs(tmp_path, "gc10-det") == {
        "box of the unknown class 'd' dropped": 2,
        "image whose boxes were all dropped left out": 1,
    }


def test_gc10_image_in_two_class_folders_counts_once_and_lost_halves_are_counted(tmp_path: Path) -> None:
    root = gc10_det(tmp_path) / "GC10-DET"
    photo(root / "2" / "img_01_340261701_00007.jpg")
    (root / "3" / "img_03_340261703_00007.jpg").unlink()
    (root / "lable" / "img_04_340261704_00007.xml").unlink()
    assert repairs(tmp_path, "gc10-det") == {
        "box of the unknown class 'd' dropped": 1,
        "image without a label file left out": 1,
        "label file without an image left out": 1,
        "second image of the same stem left out": 1,
    }
    assert len(read(tmp_path, "gc10-det")) == 18


def test_gc10_other_names_are_refused(tmp_path: Path) -> None:
    gc10_det(tmp_path)
    replace_in(next(tmp_path.rglob("img_01_340261701_00007.xml")), "1_chongkong", "11_new")
    with pytest.raises(DataError, match="names the class '11_new', which gc10-det does not have"):
        scan([tmp_path], ["gc10-det"])


def test_severstal_decodes_codes_to_boxes_of_components(tmp_path: Path) -> None:
    images = read(severstal(tmp_path), "severstal")
    assert boxes_of(images["train_images/0002cc93b.jpg"]) == {(4, 5, 20, 15): "1", (30, 5, 50, 40): "1"}
    assert boxes_of(images["train_images/000a4bcdd.jpg"]) == {(4, 5, 20, 15): "2", (10, 10, 60, 40): "4"}
    assert not len(images["train_images/00031f466.jpg"].boxes)
    assert all(key.startswith("train_images/") for key in images)


def test_severstal_old_form_is_the_same(tmp_path: Path) -> None:
    new, old = read(severstal(tmp_path / "new"), "severstal"), read(severstal(tmp_path / "old", old=True), "severstal")
    assert {key: boxes_of(image) for key, image in new.items()} == {key: boxes_of(image) for key, image in old.items()}


def test_severstal_image_that_the_table_does_not_name(tmp_path: Path) -> None:
    """The new form names defects only, the old one every image: there it is no defect-free image."""
    for old in (False, True):
        root = severstal(tmp_path / str(old), old=old)
        photo(root / "train_images" / "zzz.jpg")
        assert ("train_images/zzz.jpg" in read(root, "severstal")) is not old
    assert repairs(tmp_path / "True", "severstal") == {"image without a label left out": 1}


def test_severstal_codes_of_lost_images_are_counted(tmp_path: Path) -> None:
    (severstal(tmp_path) / "train_images" / "0002cc93b.jpg").unlink()
    assert repairs(tmp_path, "severstal") == {"label of an image that is not there left out": 1}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "0007a71bf.jpg,2,3070 5",
            r"0007a71bf\.jpg class 2: run 3070 5 leaves the image; 64x48 px are pixels 1 to 3072",
        ),
        ("0007a71bf.jpg,2,1 2 3", r"0007a71bf\.jpg class 2: 3 numbers; expected pairs"),
        ("0007a71bf.jpg,5,1 2", r"train\.csv:7: image '0007a71bf\.jpg' with class '5'; expected"),
        ("0007a71bf.jpg", r"train\.csv:7: image '0007a71bf\.jpg' with class 'None'"),
        ("0007a71bf.jpg,3,1 2", r"train\.csv:7: class 3 of 0007a71bf\.jpg occurs twice"),
    ],
)
def test_severstal_bad_lines_are_named(tmp_path: Path, line: str, message: str) -> None:
    table = severstal(tmp_path) / "train.csv"
    table.write_text(table.read_text() + line + "\n")
    with pytest.raises(DataError, match=message):
        scan([tmp_path], ["severstal"])


def test_severstal_small_components_are_dropped_and_an_image_of_them_alone(tmp_path: Path) -> None:
    table = severstal(tmp_path) / "train.csv"
    photo(tmp_path / "train_images" / "tiny.jpg")
    table.write_text(table.read_text() + f"tiny.jpg,1,{rle([(1, 1, 4, 5)])}\n")
    assert repairs(tmp_path, "severstal") == {
        "image whose boxes were all dropped left out": 1,
        "mask component under 20 px dropped": 1,
    }


def test_another_competition_with_the_same_folders_is_not_severstal(tmp_path: Path) -> None:
    photo(tmp_path / "train_images" / "a.jpg")
    text(tmp_path / "train.csv", "Image_Label,EncodedPixels\na.jpg_Fish,1 2\n")
    with pytest.raises(DataError, match="none of the sources severstal"):
        scan([tmp_path], ["severstal"])


def test_x_sdd_reads_boxes_that_others_drew(tmp_path: Path) -> None:
    images = read(x_sdd(tmp_path), "x-sdd")
    assert {image.boxes.names[0] for image in images.values()} == set(X_SDD_CLASSES)
    assert images["datas/surface scratch/4001.jpg"].boxes.xyxy.tolist() == [[4, 5, 30, 25]]
    kinds, others = load_sources()["x-sdd"].kinds, load_sources()["neu-det"].kinds
    assert kinds["surface scratch"] == others["scratches"]
    assert kinds["slag inclusion"] == others["inclusion"]


def test_kolektor_empty_masks_mean_no_defect_and_an_item_is_a_group(tmp_path: Path) -> None:
    images = read(kolektor_sdd(tmp_path), "kolektor-sdd")
    assert boxes_of(images["kos01/Part1.jpg"]) == {(5, 6, 25, 16): "crack"}
    assert sum(not len(image.boxes) for image in images.values()) == 6
    assert {image.group for image in images.values()} == {
        f"kolektor-sdd/{item}" for item in ("kos01", "kos02", "kos50")
    }
    assert repairs(tmp_path, "kolektor-sdd") == {}


def test_kolektor_lost_masks_do_not_make_defect_free_images(tmp_path: Path) -> None:
    (kolektor_sdd(tmp_path) / "kos01" / "Part1_label.bmp").unlink()
    (tmp_path / "kos50" / "Part0.jpg").unlink()
    assert repairs(tmp_path, "kolektor-sdd") == {
        "image without a label file left out": 1,
        "label file without an image left out": 1,
    }
    assert len(read(tmp_path, "kolektor-sdd")) == 7


def test_kolektor_mask_of_another_size_is_refused(tmp_path: Path) -> None:
    mask(kolektor_sdd(tmp_path) / "kos01" / "Part1_label.bmp", [(5, 6, 25, 16)], (32, 40))
    with pytest.raises(DataError, match=r"Part1_label\.bmp: mask is 32x40 px, its image 64x48; they must be equal"):
        scan([tmp_path], ["kolektor-sdd"])


def test_kolektor2_pairs_within_parts_and_ignores_a_copied_mask(tmp_path: Path) -> None:
    images = read(kolektor_sdd2(tmp_path), "kolektor-sdd2")
    assert boxes_of(images["test/20001.png"]) == {(5, 6, 25, 16): "defect", (40, 20, 60, 40): "defect"}
    assert sum(not len(image.boxes) for image in images.values()) == 4
    assert images["train/10001.png"].group == "kolektor-sdd2/train-10001"
    assert repairs(tmp_path, "kolektor-sdd2") == {}


def test_kolektor2_tiny_defects_alone_leave_an_image_out(tmp_path: Path) -> None:
    mask(kolektor_sdd2(tmp_path) / "train" / "10000_GT.png", [(5, 6, 8, 9)])
    assert "train/10000.png" not in read(tmp_path, "kolektor-sdd2")


def test_neu_seg_values_are_classes_shared_with_neu_det(tmp_path: Path) -> None:
    images = read(neu_seg(tmp_path), "neu-seg")
    assert boxes_of(images["images/test/000001.jpg"]) == {
        (5, 6, 25, 16): "inclusion",
        (100, 100, 180, 120): "scratches",
    }
    assert boxes_of(images["images/training/000002.jpg"]) == {
        (5, 6, 25, 16): "patches",
        (100, 100, 180, 120): "patches",
    }
    kinds, others = load_sources()["neu-seg"].kinds, load_sources()["neu-det"].kinds
    assert all(kinds[name] == others[name] for name in kinds)


def test_neu_seg_unknown_value_and_empty_mask(tmp_path: Path) -> None:
    masks = neu_seg(tmp_path) / "NEU_Seg" / "annotations" / "test"
    mask(masks / "000001.png", [], (200, 200))
    assert repairs(tmp_path, "neu-seg") == {"empty mask of a defective image: image left out": 1}
    mask(masks / "000002.png", [(5, 6, 25, 16)], (200, 200), values=(4,))
    with pytest.raises(DataError, match=r"000002\.png: mask value 4 is not a class; valid: 0 and \[1, 2, 3\]"):
        scan([tmp_path], ["neu-seg"])


def test_other_sets_of_masks_are_not_neu_seg(tmp_path: Path) -> None:
    for part in ("training", "test"):
        photo(tmp_path / "images" / part / "000001.jpg", (320, 200))
        mask(tmp_path / "annotations" / part / "000001.png", [(5, 6, 25, 16)], (320, 200), values=(1,))
    with pytest.raises(DataError, match="none of the sources neu-seg"):
        scan([tmp_path], ["neu-seg"])


def test_rsdds_jpeg_masks_are_thresholded_and_types_are_told_apart(tmp_path: Path) -> None:
    images = read(rsdds(tmp_path), "rsdds")
    assert set(images) == {
        f"Type-{kind} RSDDs dataset/Rail surface images/rail_{number}.jpg" for kind in ("I", "II") for number in (1, 2)
    }
    for image in images.values():
        first, second = sorted(image.boxes.xyxy.tolist(), key=lambda corners: corners[1])
        assert first == pytest.approx([2, 40, 12, 70], abs=1.5)
        assert second == pytest.approx([3, 120, 13, 150], abs=1.5)
    assert len({image.group for image in images.values()}) == 4


def test_rsdds_lost_and_empty_masks(tmp_path: Path) -> None:
    truth = rsdds(tmp_path) / "Type-I RSDDs dataset" / "GroundTruth"
    (truth / "rail_1.jpg").unlink()
    mask(truth / "rail_2.jpg", [], (32, 200))
    assert repairs(tmp_path, "rsdds") == {
        "empty mask of a defective image: image left out": 1,
        "image without a label file left out": 1,
    }
    assert len(read(tmp_path, "rsdds")) == 2


def test_aluminium_reads_chinese_labels_and_defect_free_folders(tmp_path: Path) -> None:
    images = {image.path.stem: image for image in read(tianchi_aluminium(tmp_path), "tianchi-aluminium").values()}
    assert images["不导电20180830172500对照样本"].boxes.xyxy.tolist() == [[10.5, 8, 30, 20.25]]
    assert images["擦花+杂色20180901093000"].boxes.names == ("擦花", "杂色")
    assert not len(images["正常20180902140001"].boxes)
    kinds = load_sources()["tianchi-aluminium"].kinds
    assert {name for image in images.values() for name in image.boxes.names} == set(kinds)


def test_aluminium_photos_of_one_moment_are_a_group(tmp_path: Path) -> None:
    root = tianchi_aluminium(tmp_path) / "guangdong_round2_train_20181011"
    photo(root / "无瑕疵图片" / "20180901093000.jpg")
    images = {image.path.stem: image.group for image in read(tmp_path, "tianchi-aluminium").values()}
    assert images["20180901093000"] == images["擦花+杂色20180901093000"] == "tianchi-aluminium/20180901093000"


def test_aluminium_in_one_flat_folder_whose_first_label_shows_no_defect(tmp_path: Path) -> None:
    for stem, label in (("a", "正常"), ("b", "起坑"), ("c", "")):
        photo(tmp_path / "all labels" / f"{stem}.jpg")
        if label:
            labelme(tmp_path / "all labels" / f"{stem}.json", [(label, [(4, 5), (20, 30)])])
    images = read(tmp_path, "tianchi-aluminium")
    assert {key: image.boxes.names for key, image in images.items()} == {"a.jpg": (), "b.jpg": ("起坑",)}
    assert repairs(tmp_path, "tianchi-aluminium") == {
        "box of 正常, which is no defect, not read": 1,
        "image without a label file left out": 1,
    }


def test_aluminium_unknown_label_is_named_and_other_labelme_files_are_not_read(tmp_path: Path) -> None:
    photo(tmp_path / "mine" / "a.jpg")
    labelme(tmp_path / "mine" / "a.json", [("scratch", [(4, 5), (20, 30)])])
    with pytest.raises(DataError, match="none of the sources tianchi-aluminium"):
        scan([tmp_path], ["tianchi-aluminium"])
    path = next(tianchi_aluminium(tmp_path / "theirs").rglob("擦花+杂色*.json"))
    content = json.loads(path.read_text(encoding="utf-8"))
    content["shapes"][1]["label"] = "碰伤"
    path.write_text(json.dumps(content))
    with pytest.raises(DataError, match="names the class '碰伤', which tianchi-aluminium does not have"):
        scan([tmp_path], ["tianchi-aluminium"])
