"""mmio-synth: its words, counts, boxes, digests, splits and files."""

from __future__ import annotations

import hashlib
import os
import resource
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from benchmark.core.canonical import digest
from benchmark.core.errors import ConfigError, DataError, RefusedError, UnknownNameError
from benchmark.core.plugins import load
from benchmark.core.sample import Dataset
from benchmark.datasets.mmio_synth import MmioSynth, open_synth, open_variant
from benchmark.datasets.synth.plan import GENERATOR_VERSION, Recipe, plan_image
from benchmark.datasets.synth.taxonomy import APPEARANCES, SCENES, SHAPES, Defect, categories, novel_labels

NOVEL = set(novel_labels())
BASE_DEFECTS = [Defect.parse(c.defect) for label, c in enumerate(categories()) if label not in NOVEL]
NOVEL_DEFECTS = [Defect.parse(categories()[label].defect) for label in sorted(NOVEL)]


@pytest.fixture(scope="module")
def synth(tmp_path_factory: pytest.TempPathFactory) -> MmioSynth:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BENCH_HOME", str(tmp_path_factory.mktemp("home")))
        return open_synth()


def test_shape_is_the_papers() -> None:
    supers = {scene.super_category for scene in SCENES}
    assert (len(supers), len(SCENES), len(categories()), len(NOVEL)) == (6, 18, 100, 35)
    assert len({category.name for category in categories()}) == 100
    assert {categories()[label].super_category for label in NOVEL} == supers
    assert {categories()[label].scene for label in NOVEL} == {scene.name for scene in SCENES}


def test_no_novel_look_is_a_base_look_in_any_scene() -> None:
    looks = [{(d.appearance, d.shape) for d in defects} for defects in (BASE_DEFECTS, NOVEL_DEFECTS)]
    assert not looks[0] & looks[1]


def test_novel_names_are_made_of_words_that_several_base_classes_use() -> None:
    used = Counter(word for d in BASE_DEFECTS for word in (d.appearance, d.shape, *(("edge",) if d.edge else ())))
    for defect in NOVEL_DEFECTS:
        assert used[defect.appearance] >= 4
        assert used[defect.shape] >= 4
        assert not defect.edge or used["edge"] >= 4


def test_no_two_looks_share_a_word() -> None:
    texts = [text for word in (*APPEARANCES, *SHAPES) for text in (word.word, word.synonym)]
    assert len(set(texts)) == len(texts)
    names = [{c.name, *c.synonyms} for c in categories()]
    assert sum(len(n) for n in names) == len(set().union(*names))
    assert all(c.description.endswith(".") and len(c.synonyms) == 2 for c in categories())


def test_plan_counts_tail_and_sizes(synth: MmioSynth) -> None:
    samples = list(synth.samples.values())
    boxes = [len(s.annotations) for s in samples]
    assert len(samples) == 2000
    assert 0.08 <= boxes.count(0) / 2000 <= 0.10
    assert 2.8 <= np.mean(boxes) <= 3.2
    per_class = Counter(label for s in samples for label in s.annotations.labels.tolist())
    counts = sorted(per_class.values(), reverse=True)
    assert len(counts) == 100
    assert counts[-1] >= 5
    assert sum(counts[:20]) >= 0.4 * sum(counts)
    assert counts[0] >= 20 * counts[-1]
    areas = np.concatenate([s.annotations.area_px for s in samples])
    xyxy = np.concatenate([s.annotations.xyxy for s in samples])
    longest = (xyxy[:, 2:] - xyxy[:, :2]).max(axis=1)
    assert (areas < 32**2).mean() > 0.5
    assert ((longest >= 12) & (longest <= 60)).mean() > 0.85


def test_boxes_lie_inside_apart_and_only_edge_defects_touch_the_border(synth: MmioSynth) -> None:
    for sample in synth.samples.values():
        xyxy = sample.annotations.xyxy
        assert (xyxy[:, :2] >= 0).all()
        assert (xyxy[:, 2:] <= 256).all()
        for row, (box, label) in enumerate(zip(xyxy, sample.annotations.labels, strict=True)):
            touches = box.min() == 0 or box.max() == 256
            assert touches == Defect.parse(categories()[label].defect).edge
            others = np.delete(xyxy, row, axis=0)
            apart = (others[:, 2:] + 3 <= box[:2]).any(axis=1) | (box[2:] + 3 <= others[:, :2]).any(axis=1)
            assert apart.all()


def test_a_plan_is_the_same_on_every_machine() -> None:
    """Golden: if this changes, GENERATOR_VERSION has to rise with it."""
    plans = [plan_image(Recipe(), index) for index in range(300)]
    assert (GENERATOR_VERSION, digest([plans, categories(), novel_labels()])[:16]) == (1, "daa5dc3f20470ee6")


def test_image_does_not_depend_on_the_number_of_images() -> None:
    few, many = open_synth(images=5), open_synth(images=9)
    for image_id, sample in few.samples.items():
        assert np.array_equal(sample.annotations.xyxy, many.samples[image_id].annotations.xyxy)
        assert sample.path == many.samples[image_id].path


def test_digest_is_of_the_recipe() -> None:
    opened = [open_synth(9), open_synth(9), open_synth(8), open_synth(9, 128), open_synth(9, 256, 1)]
    assert opened[0].digest == opened[1].digest
    assert len({each.digest for each in opened}) == 4
    assert len({each.folder for each in opened}) == 3
    assert len({each.info.variant for each in opened}) == 4


@pytest.mark.parametrize("variant", ["n12", "n12-px128", "n12-px128-seed3"])
def test_variant_opens_what_it_names(variant: str) -> None:
    opened = open_variant(variant)
    assert opened.info.variant == variant
    assert len(opened.samples) == 12


@pytest.mark.parametrize("variant", ["12", "n12-max3", "px128-n12"])
def test_unreadable_variant_says_the_form(variant: str) -> None:
    with pytest.raises(ConfigError, match="expected n<images>-px<side>-seed<seed>"):
        open_variant(variant)


@pytest.mark.parametrize(("setting", "value"), [("images", 0), ("side_px", 32), ("seed", -1)])
def test_impossible_size_is_refused(setting: str, value: int) -> None:
    with pytest.raises(ConfigError, match=f"{setting} is {value}, expected"):
        open_synth(**{setting: value})


def test_entry_opens_the_default(bench_home: Path) -> None:
    entry = load("dataset", "mmio-synth")
    assert entry.missing() is None
    opened = entry.open()
    assert isinstance(opened, Dataset)
    assert opened.info == entry.info
    assert not bench_home.exists()  # opening draws nothing


def test_zeroshot_trains_on_no_novel_box(synth: MmioSynth) -> None:
    split = synth.split("zeroshot")
    assert (len(split.base), len(split.novel)) == (65, 35)
    shown = {label for i in (*split.train, *split.val) for label in synth.samples[i].annotations.labels.tolist()}
    assert not shown & NOVEL
    assert shown == set(split.base)
    assert len(split.train) >= 1300
    assert 400 <= len(split.test) <= 500
    tested = {label for i in split.test for label in synth.samples[i].annotations.labels.tolist()}
    assert tested >= NOVEL
    mixed = [i for i in split.test if {*synth.samples[i].annotations.labels.tolist()} - NOVEL]
    assert len(mixed) < 0.2 * len(split.test)
    assert any(not len(synth.samples[i].annotations) for i in split.test)


def test_other_splits(synth: MmioSynth) -> None:
    closed, transfer = synth.split("closed"), synth.split("transfer:tyre")
    assert len(closed.test) == pytest.approx(400, abs=30)
    assert len(closed.base) == 100
    assert synth.split("closed") is closed
    assert len(synth.split("zeroshot_synonym").base) == 100
    assert {synth.samples[i].scene for i in transfer.test} == {"tyre"}
    assert all(categories()[label].scene == "tyre" for label in transfer.novel)
    with pytest.raises(UnknownNameError, match="did you mean tyre"):
        synth.split("transfer:tire")
    with pytest.raises(RefusedError, match="no split 'random'"):
        synth.split("random")


def test_ensure_draws_only_what_is_missing_and_the_same_bytes(bench_home: Path) -> None:
    opened = open_synth(images=6, side_px=64)
    seen: list[tuple[str, int]] = []

    def progress(label: str, items: Iterable[object], total: int) -> Iterable[object]:
        seen.append((label, total))
        return items

    opened.ensure([1, 2, 3], progress)
    first = {i: opened.samples[i].path.read_bytes() for i in (1, 2, 3)}
    opened.samples[2].path.unlink()
    opened.samples[1].path.write_bytes(b"kept")
    opened.ensure([1, 2, 3, 4], progress)
    assert seen == [("drawing mmio-synth", 3), ("drawing mmio-synth", 2)]
    assert opened.samples[1].path.read_bytes() == b"kept"
    assert opened.samples[2].path.read_bytes() == first[2]
    opened.ensure([1, 2])
    names = sorted(path.name for path in opened.folder.iterdir())
    assert names == ["0000001.jpg", "0000002.jpg", "0000003.jpg", "0000004.jpg"]


def test_two_processes_may_draw_at_once(bench_home: Path) -> None:
    code = (
        "from benchmark.datasets.mmio_synth import open_synth\n"
        "d = open_synth(images=40, side_px=64)\n"
        "d.ensure(list(d.samples))\n"
    )
    environment = {**os.environ, "BENCH_HOME": str(bench_home)}
    running = [subprocess.Popen([sys.executable, "-c", code], env=environment) for _ in range(2)]
    assert [process.wait(timeout=60) for process in running] == [0, 0]
    opened = open_synth(images=40, side_px=64)
    assert len(list(opened.folder.iterdir())) == 40
    drawn = [hashlib.sha256(s.path.read_bytes()).hexdigest() for s in opened.samples.values()]
    for sample in opened.samples.values():
        sample.path.unlink()
    opened.ensure(list(opened.samples))
    assert drawn == [hashlib.sha256(s.path.read_bytes()).hexdigest() for s in opened.samples.values()]


def test_unknown_image_is_named(bench_home: Path) -> None:
    with pytest.raises(DataError, match="no image 9: ids are 1 to 4"):
        open_synth(images=4).ensure([1, 9])


def test_a_write_that_fails_says_where_and_leaves_nothing(bench_home: Path) -> None:
    opened = open_synth(images=3, side_px=256)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))  # every write past 1,000 bytes fails, as on a full disk
    try:
        with pytest.raises(DataError, match=r"cannot write 3 images to .*: File too large; they need about 1 MB"):
            opened.ensure([1, 2, 3])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(opened.folder.iterdir()) == []


def test_home_that_is_a_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    home.write_text("not a folder")
    monkeypatch.setenv("BENCH_HOME", str(home))
    with pytest.raises(DataError, match="cannot write 1 images to"):
        open_synth(images=1).ensure([1])
