"""Glass containers, cars and solar cells: boxes, classes and groups; quirks and broken downloads of each."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmark.core.errors import DataError
from benchmark.datasets.build.scan import scan
from benchmark.datasets.sources.shared.source import SourceImage, load_sources
from tests.datasets.official_layouts import dump, photo, text
from tests.datasets.official_metal_layouts import voc
from tests.datasets.official_product_layouts import GCD_OTHER_YAML, PVEL_CLASSES, cardd, elpv, gcd_glass, pvel_ad


def read(folder: Path, source: str) -> dict[str, SourceImage]:
    return {image.key: image for image in scan([folder], [source]).images[source]}


def repairs(folder: Path, source: str) -> dict[str, object]:
    return {kind: facts["count"] for kind, facts in scan([folder], [source]).repairs[source].items()}


def test_gcd_numbers_mean_what_the_yaml_beside_them_says(tmp_path: Path) -> None:
    part1 = read(gcd_glass(tmp_path / "1"), "gcd-glass")
    other = read(gcd_glass(tmp_path / "2", GCD_OTHER_YAML), "gcd-glass")
    names = [{key: image.boxes.names[0] for key, image in images.items()} for images in (part1, other)]
    assert [names[0][f"images/train_add/{n}.jpg"] for n in range(3)] == ["oil", "black spot", "bubble"]
    assert [names[1][f"images/train_add/{n}.jpg"] for n in range(3)] == ["bubble", "oil", "plastering thread"]
    assert part1["images/val_add/0.jpg"].boxes.names[1] == "quenched grain"
    assert part1["images/val_add/0.jpg"].boxes.xyxy[0].tolist() == [24, 18, 40, 30]
    assert part1["images/val_add/0.jpg"].group == "gcd-glass/val_add/0"


def test_gcd_without_a_yaml_is_refused_with_what_to_do(tmp_path: Path) -> None:
    gcd_glass(tmp_path, yaml="")
    text(tmp_path / "GCD-Part-1" / "other.yaml", "names: [cat, dog]\n")
    text(tmp_path / "GCD-Part-1" / "broken.yml", "names: [cat\n")
    with pytest.raises(
        DataError, match=r"no yaml says which number is which class.*copy GCD\.yaml or GCD-Part-1\.yaml"
    ):
        scan([tmp_path], ["gcd-glass"])


def test_gcd_under_another_name_is_known_by_its_yaml(tmp_path: Path) -> None:
    (gcd_glass(tmp_path) / "GCD-Part-1").rename(tmp_path / "bot")
    assert len(read(tmp_path, "gcd-glass")) == 6


def test_gcd_images_without_parts_and_lost_labels(tmp_path: Path) -> None:
    root = gcd_glass(tmp_path) / "GCD-Part-1"
    for kind in ("images", "labels"):
        (root / kind / "train_add").rename(tmp_path / kind)
        for path in (root / kind / "val_add").iterdir():
            path.unlink()
        (root / kind / "val_add").rmdir()
        for path in (tmp_path / kind).iterdir():
            path.rename(root / kind / path.name)
        (tmp_path / kind).rmdir()
    (root / "labels" / "0.txt").unlink()
    assert set(read(tmp_path, "gcd-glass")) == {"images/1.jpg", "images/2.jpg"}
    assert repairs(tmp_path, "gcd-glass") == {"image without a label file left out": 1}


def test_gcd_number_of_no_class_is_named(tmp_path: Path) -> None:
    path = gcd_glass(tmp_path) / "GCD-Part-1" / "labels" / "val_add" / "1.txt"
    text(path, "5 0.5 0.5 0.1 0.1\n")
    with pytest.raises(DataError, match=r"1\.txt:1: unknown class id 5; valid: 0 oil"):
        scan([tmp_path], ["gcd-glass"])


def test_cardd_reads_every_part_once(tmp_path: Path) -> None:
    images = read(cardd(tmp_path), "cardd")
    assert [key.split("/")[0] for key in sorted(images)] == ["test2017"] + ["train2017"] * 3 + ["val2017"] * 2
    image = images["train2017/000001.jpg"]
    assert image.boxes.names == ("scratch", "crack")
    assert image.boxes.xyxy.tolist() == [[4.5, 5, 20.5, 15.5], [24.5, 5, 40.5, 15.5]]
    assert image.scene == "car"
    assert len({each.group for each in images.values()}) == 6


def test_cardd_in_folders_of_other_names(tmp_path: Path) -> None:
    root = cardd(tmp_path) / "CarDD_release" / "CarDD_COCO"
    pictures = root / "all pictures"
    pictures.mkdir()
    for part in ("train2017", "val2017", "test2017"):
        for path in (root / part).iterdir():
            path.rename(pictures / path.name)
        (root / part).rmdir()
    result = scan([tmp_path], ["cardd"])
    assert sorted(image.key for image in result.images["cardd"]) == [f"all pictures/00000{n}.jpg" for n in range(1, 7)]
    assert result.repairs["cardd"] == {}


def test_cardd_lost_images_and_labels_are_counted(tmp_path: Path) -> None:
    root = cardd(tmp_path) / "CarDD_release" / "CarDD_COCO"
    (root / "train2017" / "000001.jpg").unlink()
    photo(root / "train2017" / "000099.jpg")
    assert repairs(tmp_path, "cardd") == {
        "image without a label left out": 1,
        "label of an image that is not there left out": 1,
    }
    assert len(read(tmp_path, "cardd")) == 5


def test_cocos_own_files_are_not_cardd(tmp_path: Path) -> None:
    photo(tmp_path / "train2017" / "000000000009.jpg")
    empty: dict[str, Any] = {"images": [], "annotations": [], "categories": [{"id": 1, "name": "person"}]}
    path = dump(tmp_path / "annotations" / "instances_train2017.json", empty)
    with pytest.raises(DataError, match="none of the sources cardd"):
        scan([tmp_path], ["cardd"])
    with path.open("r+b") as file:
        file.truncate((64 << 20) + 1)  # a file of COCO's size is not read at all
    with pytest.raises(DataError, match="none of the sources cardd"):
        scan([tmp_path], ["cardd"])


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda c: c["annotations"][0].update(image_id=77), "annotation 2: image_id is 77; it must be an id of"),
        (lambda c: c["annotations"][0].update(bbox=[1, 2, 3, "x"]), "annotation 2: bbox is"),
        (lambda c: c["categories"][1].update(name="rust"), "names the class 'rust', which cardd does not have"),
        (lambda c: c.pop("annotations"), "has no list 'annotations'"),
    ],
)
def test_cardd_bad_files_are_named(tmp_path: Path, edit: Callable[[Any], object], message: str) -> None:
    path = next(cardd(tmp_path).rglob("instances_train2017.json"))
    content = json.loads(path.read_text())
    edit(content)
    dump(path, content)
    with pytest.raises(DataError, match=message):
        scan([tmp_path], ["cardd"])


def test_pvel_reads_labelled_parts_and_good_cells(tmp_path: Path) -> None:
    images = read(pvel_ad(tmp_path), "pvel-ad")
    assert {name for image in images.values() for name in image.boxes.names} == set(PVEL_CLASSES)
    assert images["test/JPEGImages/img000004.jpg"].boxes.xyxy.tolist() == [[4, 5, 30, 25]]
    assert [key for key, image in images.items() if not len(image.boxes)] == ["othertypes/good/img009001.jpg"]
    assert images["othertypes/good/img009001.jpg"].scene == "solar cell"
    assert repairs(tmp_path, "pvel-ad") == {"image without a label file left out": 1}


def test_pvel_part_alone_and_other_voc_sets_beside_it(tmp_path: Path) -> None:
    (pvel_ad(tmp_path / "x") / "EL2021" / "trainval").rename(tmp_path / "trainval")
    photo(tmp_path / "VOC2007" / "JPEGImages" / "000001.jpg")
    voc(tmp_path / "VOC2007" / "Annotations" / "000001.xml", [("dog", (4, 5, 30, 25))])
    images = read(tmp_path, "pvel-ad")
    assert len(images) == 11 + 2  # what is left of EL2021: one labelled test image, one good cell
    with pytest.raises(DataError, match="none of the sources pvel-ad"):
        scan([tmp_path / "VOC2007"], ["pvel-ad"])
    assert "JPEGImages/img000000.jpg" in read(tmp_path / "trainval", "pvel-ad")


def test_elpv_gives_cells_without_defects_alone(tmp_path: Path) -> None:
    images = read(elpv(tmp_path), "elpv")
    assert set(images) == {"images/cell0002.png", "images/cell0004.png"}
    assert not any(image.boxes.written for image in images.values())
    assert {image.scene for image in images.values()} == {"solar cell"}
    assert repairs(tmp_path, "elpv") == {"image of a defect without a box left out": 3}
    assert load_sources()["elpv"].kinds == {}


def test_elpv_lost_images_and_labels_are_counted(tmp_path: Path) -> None:
    table = next(elpv(tmp_path).rglob("labels.csv"))
    photo(table.parent / "images" / "cell0099.png")
    (table.parent / "images" / "cell0002.png").unlink()
    table.write_text(table.read_text() + "\n")
    assert repairs(tmp_path, "elpv") == {
        "image of a defect without a box left out": 3,
        "image without a label left out": 1,
        "label of an image that is not there left out": 1,
    }


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("images/cell0009.png", r"labels\.csv:6: expected an image, a probability and a kind of cell"),
        ("images/cell0009.png mono 1.0", r"labels\.csv:6: expected an image, a probability"),
        ("images/cell0009.png 1.5 mono", r"labels\.csv:6: the probability of a defect is 1\.5; expected 0 to 1"),
        ("images/cell0009.png nan mono", r"labels\.csv:6: the probability of a defect is nan"),
    ],
)
def test_elpv_bad_lines_are_named(tmp_path: Path, line: str, message: str) -> None:
    table = next(elpv(tmp_path).rglob("labels.csv"))
    table.write_text(table.read_text() + line + "\n")
    with pytest.raises(DataError, match=message):
        scan([tmp_path], ["elpv"])
