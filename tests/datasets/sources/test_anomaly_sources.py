"""Sets with masks: MVTec AD, VisA, BTAD, DAGM 2007, AITEX; boxes, classes, groups, quirks, broken downloads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.core.errors import DataError
from benchmark.datasets.build.scan import scan
from benchmark.datasets.sources.shared.mvtec_kinds import KINDS as MVTEC_KINDS
from benchmark.datasets.sources.shared.source import SourceImage, load_sources
from benchmark.datasets.sources.shared.visa_kinds import KINDS as VISA_KINDS
from benchmark.datasets.sources.shared.visa_kinds import VALUES
from tests.datasets.official_layouts import aitex, btad, dagm_2007, ellipse, mask, mvtec_ad, photo, visa


def read(folder: Path, source: str) -> dict[str, SourceImage]:
    return {image.key: image for image in scan([folder], [source]).images[source]}


def repairs(folder: Path, source: str) -> dict[str, object]:
    return {kind: facts["count"] for kind, facts in scan([folder], [source]).repairs[source].items()}


def test_mvtec_classes_are_folders_and_good_images_are_defect_free(tmp_path: Path) -> None:
    images = read(mvtec_ad(tmp_path), "mvtec-ad")
    image = images["metal_nut/test/bent/001.png"]
    assert image.boxes.names == ("metal_nut/bent",) * 2
    np.testing.assert_array_equal(image.boxes.xyxy, [[5, 6, 25, 16], [40, 30, 50, 40]])
    assert image.scene == "metal nut"
    assert image.group == "mvtec-ad/metal_nut/test/bent/001"
    assert sorted(key for key, each in images.items() if not len(each.boxes)) == sorted(
        f"{product}/{part}" for product in ("carpet", "metal_nut")
        for part in ("train/good/000.png", "train/good/001.png", "test/good/000.png")
    )  # fmt: skip


def test_mvtec_has_73_defects_in_five_super_categories() -> None:
    assert len(MVTEC_KINDS) == 73
    assert MVTEC_KINDS["carpet/cut"].name == "cut, carpet"
    assert MVTEC_KINDS["carpet/cut"].super_category == "textiles"
    assert MVTEC_KINDS["wood/scratch"].super_category == "wood processing"
    assert len({kind.super_category for kind in MVTEC_KINDS.values()}) == 5


def test_mvtec_product_downloaded_alone_has_the_same_keys(tmp_path: Path) -> None:
    mvtec_ad(tmp_path)
    whole = read(tmp_path, "mvtec-ad")
    alone = read(tmp_path / "carpet", "mvtec-ad")
    assert set(alone) == {key for key in whole if key.startswith("carpet/")}


def test_mvtec_unknown_folder_is_named(tmp_path: Path) -> None:
    mvtec_ad(tmp_path)
    (tmp_path / "carpet" / "test" / "cut").rename(tmp_path / "carpet" / "test" / "burn")
    (tmp_path / "carpet" / "ground_truth" / "cut").rename(tmp_path / "carpet" / "ground_truth" / "burn")
    with pytest.raises(DataError, match="names the class 'carpet/burn', which mvtec-ad does not have"):
        scan([tmp_path], ["mvtec-ad"])


def test_mask_of_another_size_is_refused(tmp_path: Path) -> None:
    mvtec_ad(tmp_path)
    mask(tmp_path / "carpet" / "ground_truth" / "cut" / "000_mask.png", [(1, 1, 9, 9)], (32, 24))
    with pytest.raises(DataError, match=r"000_mask\.png: mask is 32x24 px, its image 64x48"):
        scan([tmp_path], ["mvtec-ad"])


def test_empty_and_tiny_masks_and_lost_halves_are_left_out_and_counted(tmp_path: Path) -> None:
    mvtec_ad(tmp_path)
    truth = tmp_path / "carpet" / "ground_truth" / "cut"
    mask(truth / "000_mask.png", [])
    mask(truth / "001_mask.png", [(3, 3, 6, 6)])
    mask(truth / "007_mask.png", [(3, 3, 30, 30)])
    (tmp_path / "metal_nut" / "ground_truth" / "bent" / "000_mask.png").unlink()
    assert repairs(tmp_path, "mvtec-ad") == {
        "empty mask of a defective image: image left out": 1,
        "mask component under 20 px dropped": 1,
        "image whose boxes were all dropped left out": 1,
        "label file without an image left out": 1,
        "image without a label file left out": 1,
    }
    assert len(read(tmp_path, "mvtec-ad")) == 10 - 3


def test_touching_corners_are_one_box_and_gaps_make_two(tmp_path: Path) -> None:
    mvtec_ad(tmp_path)
    path = tmp_path / "carpet" / "ground_truth" / "cut" / "000_mask.png"
    mask(path, [(2, 2, 10, 10), (10, 10, 20, 20), (30, 2, 40, 10)])
    images = read(tmp_path, "mvtec-ad")["carpet/test/cut/000.png"]
    assert sorted(images.boxes.xyxy.tolist()) == [[2, 2, 20, 20], [30, 2, 40, 10]]


def test_good_images_are_not_decoded(tmp_path: Path) -> None:
    path = visa(tmp_path) / "candle" / "Data" / "Images" / "Normal" / "0000.JPG"
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"\xff\xda") + 20])  # what stands before the pixels
    assert "candle/Data/Images/Normal/0000.JPG" in read(tmp_path, "visa")


def test_visa_mask_values_are_classes(tmp_path: Path) -> None:
    images = read(visa(tmp_path / "VisA"), "visa")
    candle = images["candle/Data/Images/Anomaly/000.JPG"]
    assert dict(zip(candle.boxes.names, candle.boxes.xyxy.tolist(), strict=True)) == {
        "candle/missing wax": [5, 6, 25, 16],
        "candle/different colour spot": [30, 6, 50, 16],
    }
    board = images["pcb4/Data/Images/Anomaly/000.JPG"]
    assert board.boxes.names == ("pcb4/burnt spot", "pcb4/damaged part")
    assert board.scene == "assembled circuit board"
    assert len(images["candle/Data/Images/Normal/0001.JPG"].boxes) == 0


def test_visa_names_every_value_and_boards_share_classes() -> None:
    assert [len(VALUES[name]) for name in sorted(VALUES)] == [8, 5, 9, 6, 8, 7, 7, 4, 4, 4, 7, 9]
    assert VISA_KINDS["pcb1/scratch"] == VISA_KINDS["pcb4/scratch"]
    assert VISA_KINDS["pcb1/scratch"].super_category == "precision electronics"


def test_visa_value_without_a_class_is_refused(tmp_path: Path) -> None:
    visa(tmp_path)
    mask(tmp_path / "candle" / "Data" / "Masks" / "Anomaly" / "000.png", [(5, 6, 25, 16)], values=(9,))
    with pytest.raises(DataError, match=r"000\.png: mask value 9 is not a class; valid: 0 and \[1, 2"):
        scan([tmp_path], ["visa"])


def test_visa_empty_mask_is_left_out(tmp_path: Path) -> None:
    visa(tmp_path)
    mask(tmp_path / "candle" / "Data" / "Masks" / "Anomaly" / "000.png", [])
    assert repairs(tmp_path, "visa") == {"empty mask of a defective image: image left out": 1}


def test_btad_pairs_masks_of_another_suffix(tmp_path: Path) -> None:
    images = read(btad(tmp_path), "btad")
    for product, suffix in (("01", "bmp"), ("02", "png"), ("03", "bmp")):
        image = images[f"{product}/test/ko/0002.{suffix}"]
        assert image.boxes.names == (product,)
        assert image.boxes.xyxy.tolist() == [[5, 6, 25, 16]]
        assert image.scene == f"beanTech product {product}"
        assert not len(images[f"{product}/train/ok/0000.{suffix}"].boxes)
    assert load_sources()["btad"].super_category == "unknown"


def test_btad_folders_named_by_numbers_alone_are_not_enough(tmp_path: Path) -> None:
    photo(tmp_path / "01" / "train" / "a.png")
    photo(tmp_path / "01" / "test" / "a.png")
    with pytest.raises(DataError, match="none of the sources btad"):
        scan([tmp_path], ["btad"])


def test_dagm_ellipses_become_boxes_and_classes_are_textures(tmp_path: Path) -> None:
    images = read(dagm_2007(tmp_path), "dagm-2007")
    image = images["Class10/Train/0576.PNG"]
    assert image.boxes.names == ("class10",)
    np.testing.assert_allclose(image.boxes.xyxy, [[10, 8, 40, 28]], atol=1)
    assert not len(images["Class10/Train/0577.PNG"].boxes)
    assert len({each.group for each in images.values()}) == len(images) == 8


def test_dagm_mask_that_labels_txt_names_must_be_there(tmp_path: Path) -> None:
    dagm_2007(tmp_path)
    (tmp_path / "Class1" / "Train" / "Label" / "0576_label.PNG").unlink()
    assert repairs(tmp_path, "dagm-2007") == {"image without a label file left out": 1}
    assert "Class1/Train/0576.PNG" not in read(tmp_path, "dagm-2007")


def test_dagm_without_labels_txt_or_without_the_folder(tmp_path: Path) -> None:
    dagm_2007(tmp_path)
    train = tmp_path / "Class1" / "Train"
    (train / "Label" / "Labels.txt").write_text("no table\n\n1 2\n")
    assert len(read(tmp_path, "dagm-2007")) == 8
    (train / "Label" / "Labels.txt").unlink()
    assert len(read(tmp_path, "dagm-2007")) == 8
    (train / "Label").rename(tmp_path / "Class1" / "elsewhere")
    assert repairs(tmp_path, "dagm-2007") == {"image without a folder Label left out": 2}
    assert len(read(tmp_path, "dagm-2007")) == 6


def test_dagm_two_ellipses_are_two_boxes(tmp_path: Path) -> None:
    dagm_2007(tmp_path)
    path = tmp_path / "Class1" / "Train" / "Label" / "0576_label.PNG"
    left = np.asarray(Image.open(ellipse(path, (2, 2, 20, 20))))
    right = np.asarray(Image.open(ellipse(path, (30, 2, 60, 20))))
    Image.fromarray(np.maximum(left, right)).save(path)
    assert len(read(tmp_path, "dagm-2007")["Class1/Train/0576.PNG"].boxes) == 2


def test_aitex_codes_are_classes_and_both_masks_count(tmp_path: Path) -> None:
    images = read(aitex(tmp_path), "aitex")
    ball = images["Defect_images/0004_019_00.png"]
    assert ball.boxes.names == ("019", "019")
    assert sorted(ball.boxes.xyxy.tolist()) == [[5, 2, 25, 12], [100, 2, 120, 12]]
    kinds = load_sources()["aitex"].kinds
    assert [kinds[code].defect for code in ("002", "016", "027", "036")] == [
        "broken end", "weft curling", "knot", "weft crack"
    ]  # fmt: skip
    assert not len(images["NODefect_images/2306881-210020u/0001_000_00.png"].boxes)


def test_aitex_lost_masks_lost_images_and_unknown_codes(tmp_path: Path) -> None:
    aitex(tmp_path)
    (tmp_path / "Mask_images" / "0001_002_00_mask.png").unlink()
    (tmp_path / "Defect_images" / "0002_006_00.png").unlink()
    mask(tmp_path / "Mask_images" / "0003_030_00_mask.png", [], (256, 16))
    assert repairs(tmp_path, "aitex") == {
        "image without a label file left out": 1,
        "label file without an image left out": 1,
        "empty mask of a defective image: image left out": 1,
    }
    photo(tmp_path / "Defect_images" / "0009_099_00.png", (256, 16))
    mask(tmp_path / "Mask_images" / "0009_099_00_mask.png", [(5, 2, 25, 12)], (256, 16))
    with pytest.raises(DataError, match="names the class '099', which aitex does not have"):
        scan([tmp_path], ["aitex"])
