"""Building mmio-open: small generated downloads, then the real images."""

from __future__ import annotations
from typing import Any
from benchmark.datasets.opening.opened import CocoDataset

import errno
import json
import shutil
from collections import Counter, namedtuple
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.core.canonical import file_sha256
from benchmark.core.errors import ConfigError, DataError
from benchmark.datasets import mmio_open
from benchmark.datasets.build import build as build_module
from benchmark.datasets.build.build import Plan, build, rows_of_everything
from benchmark.datasets.build.manifest import read_manifest, write_manifest
from benchmark.datasets.mmio_open import INFO, folder_of, open_variant
from benchmark.records.codec import decode_dataset


@pytest.fixture
def pinned(downloads: Path, tmp_path: Path, bench_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small downloads, with a manifest of their own in the place of the committed one."""
    path = tmp_path / "manifest.csv.gz"
    write_manifest(path, rows_of_everything([downloads]))
    monkeypatch.setattr(build_module, "manifest_path", lambda: path)
    return downloads


def make(folder: Path, plan: Plan | None = None) -> build_module.Built:
    plan = plan or Plan()
    return build(INFO, [folder], plan, folder_of(plan.variant))


def test_build_opens_and_is_described(pinned: Path) -> None:
    built = make(pinned)
    dataset = mmio_open.DATASET.open()
    assert mmio_open.DATASET.missing() is None
    assert dataset.digest == built.record.digest
    assert decode_dataset((built.folder / "dataset.json").read_text()) == built.record
    counts = built.record.counts
    assert (counts["super_categories"], len(built.record.sources)) == (6, 10)
    assert counts["images"] == len(dataset.samples) == sum(s["images"] for s in built.record.sources.values())
    dataset.ensure(sorted(dataset.samples))
    assert "CC BY 4.0" in (built.folder / "LICENCES.txt").read_text()
    assert {"name", "defect", "scene", "super_category", "synonyms", "description"} <= set(
        dataset.categories[0].__dataclass_fields__
    )
    hole = next(c for c in dataset.categories if c.name == "punched hole, cold-rolled steel")
    assert hole.synonyms[0] == "hole, cold-rolled steel"
    assert str(pinned) not in (built.folder / "dataset.json").read_text()
    assert str(pinned) not in (built.folder / "annotations.json").read_text()


def test_twice_the_same_digest_from_folders_of_other_names(pinned: Path, tmp_path: Path) -> None:
    first = make(pinned).record
    shutil.move(pinned, tmp_path / "elsewhere")
    assert make(tmp_path / "elsewhere").record == first


def test_everything_and_the_manifest_hold_the_same_images(pinned: Path) -> None:
    full, everything = make(pinned), make(pinned, Plan(everything=True))
    assert everything.folder.name == "mmio-open-all"
    assert everything.record.counts == full.record.counts


def test_smaller_copy_scales_boxes_and_keeps_splits(pinned: Path) -> None:
    make(pinned)
    make(pinned, Plan(max_side_px=40))
    full, small = open_variant(""), open_variant("max40")
    assert small.info.variant == "max40"
    assert small.digest != full.digest
    assert small.split("closed").digest == full.split("closed").digest
    for image_id, sample in small.samples.items():
        assert max(sample.width_px, sample.height_px) <= 40
        with Image.open(sample.path) as image:
            assert image.size == (sample.width_px, sample.height_px)
        scale = sample.width_px / full.samples[image_id].width_px
        np.testing.assert_allclose(
            sample.annotations.xyxy[:, 0::2], full.samples[image_id].annotations.xyxy[:, 0::2] * scale, atol=0.01
        )


def test_limit_takes_every_class_it_can(pinned: Path) -> None:
    record = make(pinned, Plan(limit=3, sources=("leather", "magnetic-tile"))).record
    assert record.variant == "leather+magnetic-tile-limit3"
    assert {name: facts["images"] for name, facts in record.sources.items()} == {"leather": 3, "magnetic-tile": 3}
    assert record.counts["classes"] == 5
    assert record.counts["defect_free_images"] == 1


def test_variant_names() -> None:
    assert Plan().variant == ""
    assert Plan(("b", "a"), 5, 320, everything=True).variant == "all-a+b-limit5-max320"
    assert len(Plan(tuple(f"a-long-source-{i}" for i in range(9))).variant) < 30


@pytest.mark.parametrize(("plan", "flag"), [({"limit": 0}, "--limit"), ({"max_side_px": 8}, "--max-side")])
def test_impossible_plans(plan: dict[str, Any], flag: str) -> None:
    with pytest.raises(ConfigError, match=flag):
        Plan(**plan)


def test_truncated_image_of_the_manifest_leaves_no_set_behind(pinned: Path) -> None:
    image = next(pinned.rglob("pits7.jpg"))
    image.write_bytes(image.read_bytes()[:-200])
    with pytest.raises(DataError, match="image/pits7.jpg"):
        make(pinned)
    assert not list(folder_of().parent.glob("*"))
    with pytest.raises(DataError, match="not built on this machine"):
        mmio_open.DATASET.open()


def test_broken_image_that_cannot_be_made_smaller_is_named(
    pinned: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "of broken.csv.gz"
    image = next(pinned.rglob("pits7.jpg"))
    image.write_bytes(image.read_bytes()[:-200])
    rows = [
        row if row.path != "image/pits7.jpg" else replace(row, sha256=file_sha256(image))
        for row in read_manifest(tmp_path / "manifest.csv.gz")
    ]
    write_manifest(path, rows)
    monkeypatch.setattr(build_module, "manifest_path", lambda: path)
    with pytest.raises(DataError, match=r"pits7\.jpg: not a readable image"):
        make(pinned, Plan(("cr7-det",), max_side_px=40))


def test_failed_rebuild_keeps_the_earlier_set(pinned: Path) -> None:
    before = make(pinned).record
    next(pinned.rglob("pits7.jpg")).unlink()
    with pytest.raises(DataError, match="missing or other files"):
        make(pinned)
    assert open_variant("").digest == before.digest
    assert [path.name for path in folder_of().parent.iterdir()] == ["mmio-open"]


def test_disk_too_small_is_said_before_writing(pinned: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10, 10, 0))
    with pytest.raises(DataError, match="are free; free some, set BENCH_HOME or use --max-side"):
        make(pinned)


def test_disk_that_fills_up_leaves_nothing(pinned: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(DataError, match="no space left on the disk"):
        make(pinned)
    assert not list(folder_of().parent.glob("*"))


def test_other_os_errors_are_not_taken_for_a_full_disk(pinned: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(shutil, "copyfile", forbidden)
    with pytest.raises(PermissionError):
        make(pinned)


def test_edited_annotations_are_noticed(pinned: Path) -> None:
    folder = make(pinned).folder
    content = json.loads((folder / "annotations.json").read_text())
    content["annotations"][0]["bbox"][0] += 1
    (folder / "annotations.json").write_text(json.dumps(content))
    with pytest.raises(DataError, match="changed since it was built"):
        open_variant("")


def test_unknown_variant_lists_those_that_are_built(pinned: Path) -> None:
    make(pinned, Plan(limit=2))
    with pytest.raises(DataError, match="mmio-open@max320: not built .*limit2"):
        open_variant("max320")


@pytest.mark.data
def test_real_images_small(open_data: Path, bench_home: Path) -> None:
    plan = Plan(limit=12, max_side_px=160)
    record = build(INFO, [open_data], plan, folder_of(plan.variant)).record
    assert {facts["images"] for facts in record.sources.values()} == {12}
    assert record.counts["super_categories"] == 6
    dataset = open_variant(plan.variant)
    dataset.ensure(sorted(dataset.samples))
    assert dataset.split("zeroshot").novel


@pytest.mark.data
def test_real_images_full(open_data: Path, bench_home: Path) -> None:
    """The promise of the README: at least 4,300 images, 10 sources, 6 super categories, the committed digest."""
    record = build(INFO, [open_data], Plan(), folder_of()).record
    assert record.counts["images"] >= 4300
    assert len(record.sources) == 10
    assert record.counts["super_categories"] == 6
    assert len(record.facts["dropped_copies"]) == 7
    committed = decode_dataset((Path(__file__).parents[3] / "results" / "datasets" / "mmio-open.json").read_text())
    examples = [dict(each.facts["examples"]) for each in (committed, record)]
    for sheet in examples:
        del sheet["sha256"]  # of JPEG bytes, which encoders of other machines write otherwise
    assert examples[0] == examples[1]
    assert replace(committed, facts={**committed.facts, "examples": record.facts["examples"]}) == record
    dataset = open_variant("")
    _check_zeroshot(dataset)


def _check_zeroshot(dataset: CocoDataset) -> None:
    from benchmark.datasets.build.novel import KEPT_SHARE, defect_names

    split = dataset.split("zeroshot")
    base_names = set().union(*(defect_names(dataset.categories[label]) for label in split.base))
    assert not any(defect_names(dataset.categories[label]) & base_names for label in split.novel)
    assert len({dataset.categories[label].super_category for label in split.novel}) == 6
    supers = {category.scene: category.super_category for category in dataset.categories}
    fit = {*split.train, *split.val}
    with_base: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    for sample in dataset.samples.values():
        labels = set(sample.annotations.labels.tolist())
        assert not (sample.image_id in fit and labels & set(split.novel))
        if labels & set(split.base):
            with_base[supers[sample.scene]] += 1
            kept[supers[sample.scene]] += sample.image_id in fit
    assert all(kept[name] >= KEPT_SHARE * with_base[name] for name in with_base)
