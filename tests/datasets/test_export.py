"""A set that was written in any layout is the same set when it is read again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from benchmark.core.errors import ConfigError, DataError, RefusedError, UnknownNameError
from benchmark.core.sample import Dataset, Sample
from benchmark.datasets.any_coco import open_path
from benchmark.datasets.export.export import export
from benchmark.datasets.export.part import exact_xywh
from benchmark.datasets.readers.reading import Repairs
from benchmark.datasets.readers.voc import read_voc
from benchmark.datasets.readers.yolo import read_names, read_yolo
from benchmark.harness.data import open_dataset


def make(folder: Path, images: int = 48) -> Dataset:
    """Groups of three with one novel defect among them, some defect-free images, boxes with fractions, a crowd."""
    rng = np.random.default_rng(3)
    (folder / "images").mkdir(parents=True)
    entries: list[dict[str, object]] = []
    boxes: list[dict[str, object]] = []
    for number in range(1, images + 1):
        name = f"{number}.{'png' if number % 2 else 'JPG'}"
        Image.new("L", (60, 40), number).save(folder / "images" / name)
        entries.append({"id": number, "file_name": name, "width": 60, "height": 40, "group": f"part {number // 3}",
                        "scene": f"scene {number // 3 % 2}", "source": "mine"})  # fmt: skip
        for _ in range(0 if number % 5 == 0 else 1 + number % 2):
            x, y, w, h = (rng.random(4) * (30, 20, 29, 19) + (0, 0, 1, 1)).tolist()
            kind = 3 if number % 9 == 1 else int(rng.integers(0, 3))
            boxes.append({"id": len(boxes) + 1, "image_id": number, "category_id": kind, "bbox": [x, y, w, h],
                          "area": w * h * 0.6, "iscrowd": int(len(boxes) == 3)})  # fmt: skip
    categories = [
        {"id": n, "name": f"crack {n}, steel", "defect": f"crack {n}", "scene": f"scene {n % 2}",
         "supercategory": "metallurgy", "synonyms": [f"gap {n}"], "description": f"A gap, \"{n}\" wide"}
        for n in range(4)
    ]  # fmt: skip
    content = {"images": entries, "annotations": boxes, "categories": categories}
    (folder / "annotations.json").write_text(json.dumps(content))
    return open_path(folder / "annotations.json", ("crack 3", "steel"))


def same(a: Sample, b: Sample) -> None:
    assert (a.image_id, a.width_px, a.height_px, a.group, a.scene) == (
        b.image_id, b.width_px, b.height_px, b.group, b.scene)  # fmt: skip
    assert a.path.read_bytes() == b.path.read_bytes()
    for field in ("xyxy", "labels", "iscrowd", "area_px"):
        assert np.array_equal(getattr(a.annotations, field), getattr(b.annotations, field)), field


def split_digests(dataset: Dataset) -> dict[str, str]:
    scenes = sorted({sample.scene for sample in dataset.samples.values()})
    rules = ["closed", "zeroshot", "zeroshot_synonym", *(f"transfer:{scene}" for scene in scenes)]
    return {rule: dataset.split(rule).digest for rule in rules}


def read_as_mmio(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    monkeypatch.setenv("BENCH_MMIO_ROOT", str(folder))
    return open_dataset("mmio")


def is_the_same_as_mmio(dataset: Dataset, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export(dataset, "mmio", folder, private=True)
    read = read_as_mmio(folder, monkeypatch)
    assert list(read.categories) == list(dataset.categories)
    assert sorted(read.samples) == sorted(dataset.samples)
    for image_id, sample in dataset.samples.items():
        same(read.samples[image_id], sample)
    assert split_digests(read) == split_digests(dataset)


def test_mmio_layout_keeps_splits_and_annotations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = make(tmp_path / "mine")
    split = dataset.split("zeroshot")
    assert len({*split.train, *split.val, *split.test}) < len(dataset.samples)  # some images are in no part
    assert any(not len(dataset.samples[i].annotations) for i in split.test)
    is_the_same_as_mmio(dataset, tmp_path / "out", monkeypatch)


def test_mmio_layout_keeps_the_built_in_set(tmp_path: Path, bench_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    is_the_same_as_mmio(open_dataset("mmio-synth@n60"), tmp_path / "out", monkeypatch)


def test_fit_digests_are_kept_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = make(tmp_path / "mine")
    export(dataset, "mmio", tmp_path / "out", private=True)
    read = read_as_mmio(tmp_path / "out", monkeypatch)
    for rule in ("closed", "zeroshot"):
        assert read.split(rule).fit_digest == dataset.split(rule).fit_digest


def test_corners_come_back_to_the_last_bit() -> None:
    rng = np.random.default_rng(0)
    start = rng.random((20_000, 2)) * 10.0 ** rng.integers(-3, 4, (20_000, 2))
    xyxy = np.hstack([start, start + rng.random((20_000, 2)) * 10.0 ** rng.integers(-3, 4, (20_000, 2))])
    for box in xyxy:
        x, y, w, h = exact_xywh(box)
        assert (x, y, x + w, y + h) == tuple(box.tolist())


def test_coco_layout_is_read_again(tmp_path: Path) -> None:
    dataset = make(tmp_path / "mine")
    done = export(dataset, "coco", tmp_path / "out", private=True)
    split = dataset.split("closed")
    assert done.images == {"train": len(split.train), "val": len(split.val), "test": len(split.test)}
    for name in ("train", "val", "test"):
        read = open_path(tmp_path / "out" / "annotations" / f"instances_{name}.json")
        assert sorted(read.samples) == sorted(getattr(split, name))
        for image_id, sample in read.samples.items():
            before = dataset.samples[image_id]
            here = [read.categories[label] for label in sample.annotations.labels.tolist()]
            assert here == [dataset.categories[label] for label in before.annotations.labels.tolist()]
            same(replace(sample, annotations=before.annotations), before)
            assert np.array_equal(sample.annotations.xyxy, before.annotations.xyxy)


def test_yolo_layout_is_read_again(tmp_path: Path) -> None:
    dataset = make(tmp_path / "mine")
    out = tmp_path / "out"
    export(dataset, "yolo", out, private=True)
    described = yaml.safe_load((out / "data.yaml").read_text())
    assert described["train"] == "images/train"
    names = read_names(out / "data.yaml")
    assert list(names.values()) == [category.name for category in dataset.categories]
    for image_id in dataset.split("closed").test:
        sample = dataset.samples[image_id]
        boxes = read_yolo(out / "labels" / "test" / f"{image_id:08d}.txt", names, 60, 40, Repairs())
        assert list(boxes.names) == [names[label] for label in sample.annotations.labels.tolist()]
        assert np.allclose(boxes.xyxy, sample.annotations.xyxy, atol=1e-5)
        assert len(list((out / "images" / "test").glob(f"{image_id:08d}.*"))) == 1


def test_voc_layout_is_read_again(tmp_path: Path) -> None:
    dataset = make(tmp_path / "mine")
    out = tmp_path / "out"
    export(dataset, "voc", out, private=True)
    listed = {path.stem: path.read_text().split() for path in (out / "ImageSets" / "Main").glob("*.txt")}
    assert listed["trainval"] == sorted(listed["train"] + listed["val"])
    assert sorted(listed["trainval"] + listed["test"]) == [f"{i:08d}" for i in sorted(dataset.samples)]
    assert len(list((out / "JPEGImages").iterdir())) == len(dataset.samples)
    assert not (out / "images").exists()
    for image_id, sample in dataset.samples.items():
        repairs = Repairs()
        boxes = read_voc(out / "Annotations" / f"{image_id:08d}.xml", 60, 40, repairs)
        assert not repairs.counts
        assert np.allclose(boxes.xyxy, sample.annotations.xyxy, atol=1e-8)
        assert list(boxes.names) == [dataset.categories[n].name for n in sample.annotations.labels.tolist()]


def test_images_of_no_part_are_said(tmp_path: Path) -> None:
    dataset = make(tmp_path / "mine")
    done = export(dataset, "yolo", tmp_path / "out", "zeroshot", private=True)
    split = dataset.split("zeroshot")
    assert done.left_out == len(dataset.samples) - len(split.train) - len(split.val) - len(split.test) > 0


def test_pictures_that_may_not_travel_stay(tmp_path: Path) -> None:
    dataset = make(tmp_path / "mine")
    with pytest.raises(RefusedError, match="export: pictures of yours may not be passed on"):
        export(dataset, "yolo", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    export(dataset, "yolo", tmp_path / "out", private=True)
    assert "may be passed on: NO" in (tmp_path / "out" / "LICENCES.txt").read_text()


def test_wrong_questions(tmp_path: Path) -> None:
    dataset = make(tmp_path / "mine")
    with pytest.raises(UnknownNameError, match="unknown layout 'yol': did you mean yolo"):
        export(dataset, "yol", tmp_path / "out", private=True)
    with pytest.raises(ConfigError, match="the folders of the layout mmio are the zero-shot split"):
        export(dataset, "mmio", tmp_path / "out", "closed", private=True)
    with pytest.raises(ConfigError, match="exists and is not an empty folder"):
        export(dataset, "coco", tmp_path / "mine", private=True)
    dataset.samples[1].path.unlink()
    with pytest.raises(DataError, match="the image is missing"):
        export(dataset, "coco", tmp_path / "out", private=True)


def test_a_synonym_that_a_csv_cannot_hold(tmp_path: Path) -> None:
    dataset = make(tmp_path / "mine")
    dataset.categories = [replace(dataset.categories[0], synonyms=("a; b",)), *dataset.categories[1:]]
    with pytest.raises(DataError, match="has a synonym with ';'"):
        export(dataset, "mmio", tmp_path / "out", private=True)


@pytest.mark.data
def test_mmio_layout_keeps_real_pictures(
    open_data: Path, bench_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from benchmark.cli.main import main

    command = ["data", "build", "mmio-open", "--from", str(open_data), "--sources", "cr7-det,leather,deeppcb,neu-det"]
    assert main([*command, "--limit", "30"]) == 0
    (variant,) = (bench_home / "data").glob("mmio-open-*")
    dataset = open_dataset("mmio-open@" + variant.name.removeprefix("mmio-open-"))
    is_the_same_as_mmio(dataset, tmp_path / "out", monkeypatch)
