"""Tianchi's tile, fabric and bottle sets: one json for all boxes, with the quirks of each."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmark.core.errors import DataError
from benchmark.datasets.build.scan import scan
from benchmark.datasets.sources.shared.source import SourceImage, load_sources
from benchmark.datasets.sources.tianchi_fabric import CLASSES
from tests.datasets.official_layouts import dump, photo, tianchi_bottle, tianchi_fabric, tianchi_tile

MAKERS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "tianchi-tile": (tianchi_tile, "train_annos.json"),
    "tianchi-fabric": (tianchi_fabric, "anno_train.json"),
    "tianchi-bottle": (tianchi_bottle, "annotations.json"),
}
LISTS = pytest.mark.parametrize("source", ["tianchi-tile", "tianchi-fabric"])
ALL = pytest.mark.parametrize("source", sorted(MAKERS))


def read(folder: Path, source: str) -> dict[str, SourceImage]:
    return {image.path.name: image for image in scan([folder], [source]).images[source]}


def change(folder: Path, source: str, edit: Callable[[Any], Any]) -> None:
    path = next(folder.rglob(MAKERS[source][1]))
    content = json.loads(path.read_text(encoding="utf-8"))
    dump(path, edit(content) or content)


def test_tile_boxes_are_corners_and_three_cameras_see_one_tile(tmp_path: Path) -> None:
    images = read(tianchi_tile(tmp_path), "tianchi-tile")
    image = images["226_46_t20201125133518272_CAM2.jpg"]
    assert image.boxes.names == ("light patch",)
    assert image.boxes.xyxy.tolist() == [[10.5, 8, 22, 19.25]]
    assert {each.group for each in images.values()} == {"tianchi-tile/226_46", "tianchi-tile/197_2"}
    assert {each.boxes.names[0] for each in images.values()} == {"light patch", "halo"}


def test_tile_background_means_defect_free_and_round_2_has_two_more(tmp_path: Path) -> None:
    def edit(entries: Any) -> None:
        entries[0]["category"] = 0
        entries[1]["category"] = 8

    change(tianchi_tile(tmp_path), "tianchi-tile", edit)
    assert [len(each.boxes) for each in read(tmp_path, "tianchi-tile").values()].count(0) == 1
    assert "scratch" in {name for each in read(tmp_path, "tianchi-tile").values() for name in each.boxes.names}


def test_fabric_reads_both_packages_and_34_names_of_20_classes(tmp_path: Path) -> None:
    images = read(tianchi_fabric(tmp_path), "tianchi-fabric")
    assert images["train10.jpg"].boxes.names == ("破洞", "破洞")
    assert images["train20.jpg"].boxes.xyxy.tolist() == [[4.5, 6, 20, 16], [30, 6, 50.25, 16]]
    assert not len(images["train1fine.jpg"].boxes)
    kinds = load_sources()["tianchi-fabric"].kinds
    assert (len(kinds), len({kind.name for kind in kinds.values()}), len(CLASSES)) == (34, 20, 20)
    assert kinds["水渍"] == kinds["油渍"]
    assert kinds["破洞"].name == "hole, fabric"


def test_fabric_folders_may_be_written_with_a_space(tmp_path: Path) -> None:
    tianchi_fabric(tmp_path)
    for old in (*tmp_path.rglob("defect_Images"), *tmp_path.rglob("normal_Images")):
        old.rename(old.with_name(old.name.replace("_", " ")))
    assert len(read(tmp_path, "tianchi-fabric")) == 6


def test_bottle_reads_repeated_ids_and_leaves_out_what_is_no_defect(tmp_path: Path) -> None:
    result = scan([tianchi_bottle(tmp_path)], ["tianchi-bottle"])
    images = {image.path.name: image for image in result.images["tianchi-bottle"]}
    assert images["img_0000001.jpg"].boxes.names == ("瓶盖破损", "标贴起皱")
    assert images["img_0000001.jpg"].boxes.xyxy.tolist() == [[4, 5, 24, 15], [30, 5, 50, 15]]
    assert not len(images["img_0000002.jpg"].boxes)
    assert not len(images["img_0000003.jpg"].boxes)
    assert {kind: facts["count"] for kind, facts in result.repairs["tianchi-bottle"].items()} == {
        "box of 背景, which is no defect, not read": 1,
        "box of 喷码正常, which is no defect, not read": 1,
    }


def test_bottle_pictures_of_one_bottle_share_a_group(tmp_path: Path) -> None:
    root = tianchi_bottle(tmp_path) / "chongqing1_round1_train1_20191223"

    def edit(content: Any) -> None:
        for number, entry in enumerate(content["images"][:2]):
            photo(root / "images" / f"img_0000009_{number}.jpg")
            entry["file_name"] = f"img_0000009_{number}.jpg"

    change(tmp_path, "tianchi-bottle", edit)
    images = read(tmp_path, "tianchi-bottle")
    assert images["img_0000009_0.jpg"].group == images["img_0000009_1.jpg"].group == "tianchi-bottle/img_0000009"
    assert images["img_0000003.jpg"].group == "tianchi-bottle/img_0000003"


def test_a_coco_file_of_something_else_is_no_bottle(tmp_path: Path) -> None:
    dump(tmp_path / "annotations.json", {"images": [], "annotations": [], "categories": [{"id": 1, "name": "cap"}]})
    photo(tmp_path / "images" / "a.jpg")
    with pytest.raises(DataError, match="none of the sources tianchi-bottle"):
        scan([tmp_path], ["tianchi-bottle"])


@ALL
def test_images_and_labels_without_the_other_are_left_out(source: str, tmp_path: Path) -> None:
    MAKERS[source][0](tmp_path)
    images = sorted(path for path in tmp_path.rglob("*.jpg") if path.parent.name.casefold() != "normal_images")
    photo(images[0].with_name("stranger.jpg"))
    images[0].unlink()
    whole = scan([tmp_path], [source])
    assert whole.repairs[source]["image without a label left out"]["count"] == 1
    assert whole.repairs[source]["label of an image that is not there left out"]["count"] == 1
    assert images[0].name not in {image.path.name for image in whole.images[source]}


@ALL
def test_cut_json_is_named(source: str, tmp_path: Path) -> None:
    make, name = MAKERS[source]
    path = next(make(tmp_path).rglob(name))
    path.write_text(path.read_text(encoding="utf-8")[:-20], encoding="utf-8")
    with pytest.raises(DataError, match=rf"{name}: not JSON"):
        scan([tmp_path], [source])


@LISTS
def test_bad_entries_are_named(source: str, tmp_path: Path) -> None:
    MAKERS[source][0](tmp_path)
    for edit, message in (
        (lambda entries: {"list": entries}, "expected a list of entries"),
        (lambda entries: [*entries, {"bbox": [1, 2, 3, 4]}], r"entry \d+: has no 'name'"),
        (lambda entries: [{**entries[0], "bbox": [1, 2, 3]}], r"entry 0: bbox is \[1, 2, 3\]; expected four numbers"),
        (lambda entries: [{**entries[0], "bbox": "1 2 3 x"}], r"entry 0: bbox is '1 2 3 x'"),
        (lambda entries: [{**entries[0], "bbox": [9, 2, 3, 4]}], "entry 0: box .* is inverted"),
        (lambda entries: [{**entries[0], "category": 77, "defect_name": "?"}], r"entry 0: unknown class .*; valid: "),
        (lambda entries: [{"name": entries[0]["name"], "bbox": [1, 2, 3, 4]}], "entry 0: unknown class None"),
    ):
        path = next(tmp_path.rglob(MAKERS[source][1]))
        before = path.read_text(encoding="utf-8")
        dump(path, edit(json.loads(before)))
        with pytest.raises(DataError, match=message):
            scan([tmp_path], [source])
        path.write_text(before, encoding="utf-8")


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda c: c.pop("images"), r"not COCO json with images, annotations, categories \(KeyError\('images'\)\)"),
        (lambda c: c["annotations"][0].update(image_id=44), "annotation number 0: is of image 44"),
        (lambda c: c["annotations"][0].update(category_id=44), "annotation number 0: unknown class 44"),
        (lambda c: c["annotations"][0].update(bbox=None), "annotation number 0: bbox is None"),
        (lambda c: c["annotations"].insert(0, "x"), "annotation number 0: is of image None"),
        (lambda c: c["categories"][0].update(name="软木塞"), "names the class '软木塞', which tianchi-bottle does not"),
    ],
)
def test_bad_bottle_json_is_named(tmp_path: Path, edit: Callable[[Any], object], message: str) -> None:
    def changed(content: Any) -> Any:
        edit(content)
        return content

    change(tianchi_bottle(tmp_path), "tianchi-bottle", changed)
    with pytest.raises(DataError, match=message):
        scan([tmp_path], ["tianchi-bottle"])
