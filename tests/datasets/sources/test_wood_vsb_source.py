"""The wood set in its official form, beside Supervisely's."""

from __future__ import annotations

import json
from pathlib import Path

from benchmark.datasets.build.scan import scan
from tests.datasets.official_layouts import photo, text, wood_vsb


def test_boxes_and_one_spelling_for_both_forms(tmp_path: Path) -> None:
    result = scan([wood_vsb(tmp_path)], ["wood-vsb"])
    images = {image.key: image for image in result.images["wood-vsb"]}
    board = images["Images1/100100001.bmp"]
    assert board.boxes.names == ("Live_knot", "Death_know")
    assert board.boxes.xyxy.tolist() == [[16, 24, 32, 48], [0, 0, 8, 12]]
    assert board.group == "wood-vsb/100100001"
    assert images["Images1/100100002.bmp"].boxes.names == ("overgrown",)
    assert not len(images["Images2/200100003.bmp"].boxes)
    assert set(result.repairs["wood-vsb"]) == {"empty label file read as defect-free"}


def test_colour_maps_and_boards_without_a_label_stay_out(tmp_path: Path) -> None:
    wood_vsb(tmp_path)
    photo(tmp_path / "Images10" / "900100004.bmp")
    text(tmp_path / "Bounding Boxes" / "900100005_anno.txt", "Crack\t0,1\t0,1\t0,2\t0,2\n")
    result = scan([tmp_path], ["wood-vsb"])
    assert len(result.images["wood-vsb"]) == 3
    assert result.repairs["wood-vsb"]["image without a label file left out"]["count"] == 1
    assert result.repairs["wood-vsb"]["label file without an image left out"]["count"] == 1


def test_labels_may_lie_a_folder_deeper(tmp_path: Path) -> None:
    wood_vsb(tmp_path)
    labels = tmp_path / "Bounding Boxes"
    labels.rename(tmp_path / "aside")
    labels.mkdir()
    (tmp_path / "aside").rename(labels / "Bounding Boxes")
    assert len(scan([tmp_path], ["wood-vsb"]).images["wood-vsb"]) == 3


def test_both_forms_below_one_folder(tmp_path: Path) -> None:
    wood_vsb(tmp_path / "zenodo")
    photo(tmp_path / "slice" / "ds" / "img" / "100000001.jpg")
    rectangle = {
        "classTitle": "Crack", "geometryType": "rectangle", "points": {"exterior": [[4, 5], [20, 9]], "interior": []}
    }  # fmt: skip
    text(tmp_path / "slice" / "ds" / "ann" / "100000001.jpg.json", json.dumps({"objects": [rectangle]}))
    images = scan([tmp_path], ["wood-vsb"]).images["wood-vsb"]
    assert {image.key for image in images} == {
        "ds/img/100000001.jpg", "Images1/100100001.bmp", "Images1/100100002.bmp", "Images2/200100003.bmp"
    }  # fmt: skip
