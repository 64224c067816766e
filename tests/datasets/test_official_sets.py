"""COCO and LVIS in their owners' layouts, on small made files of the official form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from benchmark.core.errors import BenchError, ConfigError, DataError, RefusedError
from benchmark.datasets.opening.official import OfficialDataset
from benchmark.datasets.opening.opened import content_of
from benchmark.datasets.readers.coco import read_coco
from benchmark.datasets.readers.coco_columns import read_coco_columns
from benchmark.harness.data import federation_of, open_dataset
from tests.performance.annotations import open_both
from tests.performance.made_files import COCO_VAL, LVIS_VAL, write_coco, write_lvis

SMALL_COCO = replace(COCO_VAL.scaled(0.004), classes=9)
SMALL_LVIS = replace(LVIS_VAL.scaled(0.002), classes=12)


@pytest.fixture
def coco_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "coco"
    write_coco(root / "annotations" / "instances_val2017.json", SMALL_COCO)
    write_coco(root / "annotations" / "instances_train2017.json", SMALL_COCO, "train", first_id=1000)
    monkeypatch.setenv("BENCH_COCO_ROOT", str(root))
    return root


@pytest.fixture
def lvis_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "lvis"
    write_lvis(root / "lvis_v1_val.json", SMALL_LVIS)
    write_lvis(root / "lvis_v1_train.json", SMALL_LVIS, first_id=1000)
    monkeypatch.setenv("BENCH_LVIS_ROOT", str(root))
    monkeypatch.delenv("BENCH_COCO_ROOT", raising=False)
    return root


def change(path: Path, edit: Callable[[Any], object]) -> None:
    content = orjson.loads(path.read_bytes())
    edit(content)
    path.write_bytes(orjson.dumps(content))


def test_coco_is_tested_on_val2017_and_fitted_on_train2017(coco_root: Path) -> None:
    dataset = open_dataset("coco")
    split = dataset.split("coco")
    assert split.test == tuple(range(1, SMALL_COCO.images + 1))
    assert split.train == tuple(range(1000, 1000 + SMALL_COCO.images))
    assert (split.val, split.novel, len(split.base)) == ((), (), 9)
    assert dataset.samples[1].path == coco_root / "val2017" / "000000000001.jpg"
    assert dataset.samples[1000].path == coco_root / "train2017" / "000000001000.jpg"
    assert len(dataset.samples) == 2 * SMALL_COCO.images == len(list(dataset.samples))
    with pytest.raises(RefusedError, match="use --task coco"):
        dataset.split("closed")


def test_columns_say_what_the_careful_reader_says(coco_root: Path) -> None:
    file = coco_root / "annotations" / "instances_val2017.json"
    for number in range(1, SMALL_COCO.images + 1):  # the careful reader looks for the pictures
        picture = coco_root / "images" / f"{number:012d}.jpg"
        picture.parent.mkdir(exist_ok=True)
        picture.touch()
    fast, slow = read_coco_columns(file), content_of(read_coco(file))
    used = [entry["name"] for entry in fast.categories]
    assert used == [category.name for category in slow.categories]
    for entry, boxes in zip(fast.images, fast.boxes, strict=True):
        other = slow.samples[entry["id"]].annotations
        assert np.array_equal(boxes.labels, other.labels)
        assert np.array_equal(boxes.iscrowd, other.iscrowd)
        assert np.array_equal(boxes.area_px, other.area_px)
        assert np.allclose(boxes.xyxy, other.xyxy, atol=1e-9)


def test_a_number_chooses_that_many_and_a_larger_one_holds_them(coco_root: Path) -> None:
    five, nine = (open_dataset(f"coco@{count}") for count in (5, 9))
    assert len(five.split("coco").test) == 5
    assert set(five.split("coco").test) < set(nine.split("coco").test)
    assert five.info.variant == "5"
    assert five.split("coco").digest != nine.split("coco").digest
    assert five.split("coco").fit_digest == nine.split("coco").fit_digest


def test_the_test_part_needs_no_training_files(coco_root: Path) -> None:
    whole = open_dataset("coco").split("coco").digest
    (coco_root / "annotations" / "instances_train2017.json").unlink()
    split = open_dataset("coco").split("coco")
    assert (split.digest, split.train) == (whole, ())
    with pytest.raises(DataError, match=r"instances_train2017.json: missing; it is in annotations_trainval2017.zip"):
        _ = split.fit_digest


def test_missing_pictures_are_counted(coco_root: Path) -> None:
    dataset = open_dataset("coco")
    with pytest.raises(DataError, match=r"2 of 2 images are missing, first .*000000000001.jpg"):
        dataset.ensure([1, 2])


def test_pictures_may_lie_in_images(coco_root: Path) -> None:
    (coco_root / "images" / "val2017").mkdir(parents=True)
    assert open_dataset("coco").samples[1].path.parent == coco_root / "images" / "val2017"


def test_lvis_minival_is_what_lies_in_val2017(lvis_root: Path) -> None:
    dataset, whole = open_dataset("lvis"), open_dataset("lvis@val")
    assert isinstance(dataset, OfficialDataset)
    assert dataset.split("lvis").test == tuple(range(1, SMALL_LVIS.minival + 1))
    assert len(whole.split("lvis").test) == SMALL_LVIS.images
    assert dataset.samples[1].path == lvis_root / "val2017" / "000000000000.jpg"
    assert whole.samples[SMALL_LVIS.images].path.parent == lvis_root / "train2017"
    assert len(open_dataset("lvis@3").split("lvis").test) == 3
    assert len(open_dataset("lvis@val-20").split("lvis").test) == 20


def test_lvis_says_frequency_and_absence(lvis_root: Path) -> None:
    dataset = open_dataset("lvis")
    split = dataset.split("lvis")
    entry = orjson.loads((lvis_root / "lvis_v1_val.json").read_bytes())["images"][0]
    federation = federation_of(dataset, range(12))
    assert federation.frequency == tuple("cfr" * 4)
    assert federation.negative[1] == tuple(i - 1 for i in entry["neg_category_ids"])
    assert federation.not_exhaustive[1] == tuple(i - 1 for i in entry["not_exhaustive_category_ids"])
    assert [federation.frequency[label] for label in split.novel] == ["r"] * 4
    assert "r" not in {federation.frequency[label] for label in split.base}
    assert dataset.categories[0].name == "thing 1"
    assert dataset.categories[0].synonyms == ("object 1",)
    assert dataset.categories[0].description == "the thing with number 1"


def test_lvis_uses_the_pictures_of_coco(lvis_root: Path, coco_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (coco_root / "val2017").mkdir()
    monkeypatch.setenv("BENCH_COCO_ROOT", str(coco_root))
    assert open_dataset("lvis").samples[1].path.parent == coco_root / "val2017"


def first(key: str, **changes: Any) -> Callable[[Any], object]:
    return lambda content: content[key][0].update(changes)


def count_from_zero(content: Any) -> None:
    for key, entries in (("id", content["images"]), ("image_id", content["annotations"])):
        for entry in entries:
            entry[key] -= 1


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (first("annotations", bbox=[1, 2, 3]), r"annotation 1: bbox is \[1, 2, 3\]; it must be four"),
        (first("annotations", bbox=[1, 2, -3, 4]), r"annotation 1: bbox is \[1, 2, -3, 4\]; .*height >= 0"),
        (first("annotations", bbox=[1e999, 2, 3, 4]), "annotation 1: bbox is .*four finite numbers"),
        (first("annotations", category_id=77), "annotation 1: category_id is 77; it must be an id of"),
        (first("annotations", image_id=[1]), r"annotation 1: image_id is \[1\]"),
        (first("annotations", image_id=7777), "annotation 1: image_id is 7777; it must be an id of"),
        (count_from_zero, "image id 0; ids start at 1"),
        (first("images", id="a"), r"image number 0 .*id is 'a'; it must be a whole number"),
        (first("images", id=2), "image id 2 is used twice"),
        (first("images", width=0), "image 1 has size 0 x 480; expected pixels above 0"),
        (first("images", file_name=""), "coco: image 1 has no file_name"),
        (first("categories", name=" "), "category 1 has no name"),
        (first("categories", name="thing 2"), "categories 1 and 2 are both named 'thing 2'; rename one"),
        (lambda content: content.update(images=[]), "'images' is empty"),
        (lambda content: content.pop("annotations"), "has no list 'annotations'"),
    ],
)
def test_wrong_entries_are_named(coco_root: Path, edit: Callable[[Any], object], message: str) -> None:
    change(coco_root / "annotations" / "instances_val2017.json", edit)
    with pytest.raises(DataError, match=message):
        open_dataset("coco")


def test_a_box_without_area_is_dropped_and_counted(coco_root: Path) -> None:
    boxes = sum(len(sample.annotations) for sample in open_dataset("coco").samples.values())
    change(coco_root / "annotations" / "instances_val2017.json", first("annotations", bbox=[1, 2, 0, 4]))
    dataset = open_dataset("coco")
    assert isinstance(dataset, OfficialDataset)
    assert dataset.repairs.counts == {"box without area dropped": 1}
    assert sum(len(sample.annotations) for sample in dataset.samples.values()) == boxes - 1


def test_a_cut_file_is_no_json(coco_root: Path) -> None:
    file = coco_root / "annotations" / "instances_val2017.json"
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(DataError, match=r"instances_val2017\.json: not JSON.*: EOF while parsing .* at line 1 column"):
        open_dataset("coco")
    file.unlink()
    with pytest.raises(DataError, match=r"instances_val2017\.json: missing"):
        open_dataset("coco")
    with pytest.raises(DataError, match="there is no such file"):
        read_coco_columns(file)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (first("categories", frequency="x"), "category 1 has frequency 'x'; expected r, c or f"),
        (first("categories", synonyms="a"), "category 1: synonyms is 'a'; expected a list of names"),
        (first("images", neg_category_ids=None), "image 1: neg_category_ids is None; expected a list of ids"),
        (first("images", coco_url=None), "coco_url None"),
        (lambda content: [image.update(coco_url="http://x/train2017/1.jpg") for image in content["images"]],
         "no image has a coco_url in val2017"),
    ],
)  # fmt: skip
def test_wrong_lvis_entries_are_named(lvis_root: Path, edit: Callable[[Any], object], message: str) -> None:
    change(lvis_root / "lvis_v1_val.json", edit)
    with pytest.raises(DataError, match=message):
        open_dataset("lvis@val" if "coco_url None" in message else "lvis")


@pytest.mark.parametrize("data", ["coco@many", "coco@0", "lvis@test", "lvis@val-x"])
def test_a_variant_is_a_number_of_test_images(coco_root: Path, lvis_root: Path, data: str) -> None:
    with pytest.raises(ConfigError, match="number of test images"):
        open_dataset(data)


def test_files_of_two_releases_do_not_mix(lvis_root: Path, coco_root: Path) -> None:
    change(coco_root / "annotations" / "instances_train2017.json", first("categories", name="else"))
    change(lvis_root / "lvis_v1_train.json", first("categories", name="else"))
    for data in ("coco", "lvis"):
        with pytest.raises(DataError, match="its classes are not those of the test file"):
            _ = open_dataset(data).split(data).fit_digest


def test_an_image_in_both_files_is_refused(coco_root: Path) -> None:
    write_coco(coco_root / "annotations" / "instances_train2017.json", SMALL_COCO, "train")
    with pytest.raises(DataError, match="image 1 is in the training and in the test file"):
        _ = open_dataset("coco").split("coco").fit_digest


@pytest.mark.parametrize("data", ["coco", "coco@5", "lvis", "lvis@val"])
def test_a_set_without_a_root_says_how_to_name_one(data: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in ("COCO", "LVIS"):
        monkeypatch.delenv(f"BENCH_{name}_ROOT", raising=False)
    with pytest.raises(BenchError, match=r"not on this machine; name the folder of its owners' files: --root FOLDER"):
        open_dataset(data)


@pytest.mark.slow
def test_official_files_open_in_seconds(tmp_path: Path) -> None:
    spent = open_both(tmp_path, 1.0)
    assert (spent["coco"]["images"], spent["lvis"]["images"]) == (5_000, 4_809)
    assert spent["coco"]["cpu_s"] <= 3  # processor seconds: other work on the machine is not ours
    assert spent["lvis"]["cpu_s"] <= 6
