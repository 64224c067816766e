"""Example pictures: only of sources that may travel, always the same ones, boxes where the defect is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.core.canonical import file_sha256
from benchmark.core.detections import Annotations
from benchmark.core.errors import DataError, RefusedError
from benchmark.core.sample import DatasetInfo, Sample, Source
from benchmark.datasets.build.examples import (
    COLUMNS,
    TILE_PX,
    choose_examples,
    cut,
    examples_name,
    make_examples,
    window_around,
)
from benchmark.datasets.opening.licence import attribution, refuse_unless_private, sources_of
from benchmark.datasets.mmio_synth import MmioSynth, open_synth

OPEN = Source("boards", "MIT", redistributable=True, url="https://example.org/boards", citation="A. Author 2020")
CLOSED = Source("steel", "none stated", redistributable=False)


@pytest.fixture
def synth(bench_home: Path) -> MmioSynth:
    return open_synth(images=120)


def sample(size_px: tuple[int, int], *boxes: tuple[float, float, float, float]) -> Sample:
    labels = np.zeros(len(boxes), np.int64)
    annotations = Annotations.from_boxes(np.array(boxes, np.float64), labels)
    return Sample(1, Path("x.png"), *size_px, annotations, "s", "g", "boards")


def test_tiles_cover_every_super_category_once_before_any_scene_twice(synth: MmioSynth) -> None:
    chosen = choose_examples(synth)
    scenes = [s.scene for s, _ in chosen]
    supers = [synth.categories[int(s.annotations.labels[box])].super_category for s, box in chosen]
    assert len(chosen) == len(set(scenes)) == 12
    assert {supers.count(name) for name in set(supers)} == {2}
    assert [s.image_id for s, _ in chosen] == [s.image_id for s, _ in choose_examples(open_synth(images=120))]


def test_no_picture_of_a_source_that_may_not_travel(synth: MmioSynth, tmp_path: Path) -> None:
    source = replace(synth.info.sources[0], redistributable=False)
    synth.info = replace(synth.info, sources=(source,))
    assert make_examples(synth, tmp_path) == {}
    assert list(tmp_path.iterdir()) == []


def test_the_sheet_holds_what_its_facts_say(synth: MmioSynth, tmp_path: Path) -> None:
    facts = make_examples(synth, tmp_path)["examples"]
    path = tmp_path / examples_name("mmio-synth@n120")
    assert facts["file"] == path.name
    assert facts["sha256"] == file_sha256(path)
    assert path.stat().st_size < 100_000
    with Image.open(path) as sheet:
        assert sheet.size == (COLUMNS * TILE_PX, 2 * TILE_PX)
    names = {category.name for category in synth.categories}
    for tile in facts["tiles"]:
        x1, y1, x2, y2, name = tile["boxes"][0]
        assert name in names
        assert 0 <= x1 < x2 <= 1
        assert 0 <= y1 < y2 <= 1


def test_a_tile_shows_its_box() -> None:
    small = window_around(sample((640, 480), (300, 200, 320, 230)), np.array([300.0, 200, 320, 230]))
    assert (small.left_px, small.top_px, small.side_px) == (262, 167, 96)
    corner = window_around(sample((640, 480), (600, 440, 640, 480)), np.array([600.0, 440, 640, 480]))
    assert (corner.left_px, corner.top_px, corner.side_px) == (520, 360, 120)
    long = window_around(sample((2000, 100), (0, 40, 1900, 60)), np.array([0.0, 40, 1900, 60]))
    assert (long.left_px, long.top_px, long.side_px) == (900, 0, 100)
    assert small.fractions(np.array([[262.0, 167, 358, 263]])).tolist() == [[0, 0, 1, 1]]


def test_a_picture_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "cut.png").write_bytes(b"\x89PNG")
    with pytest.raises(DataError, match=r"cut\.png: not a readable image"):
        cut(tmp_path / "cut.png", None, 64)


def test_passing_on_needs_a_licence_or_the_users_word() -> None:
    refuse_unless_private([OPEN], "thumbnails", private=False)
    refuse_unless_private([OPEN, CLOSED], "thumbnails", private=True)
    with pytest.raises(RefusedError, match=r"thumbnails: pictures of steel may not be passed on .*--private"):
        refuse_unless_private([OPEN, CLOSED], "thumbnails", private=False)


def test_a_source_that_nobody_declared_stays_here() -> None:
    one, two = (DatasetInfo("x", "X", 1, sources) for sources in ((OPEN,), (OPEN, CLOSED)))
    assert sources_of(one, ["all"]) == {"all": OPEN}
    source_of = sources_of(two, ["steel", "other", "boards"])
    assert [name for name, source in source_of.items() if source.redistributable] == ["boards"]
    assert source_of["other"].licence == "not stated"


def test_attribution_names_licence_origin_and_work() -> None:
    text = attribution([CLOSED, OPEN])
    assert text.index("boards") < text.index("steel")
    assert "cite: A. Author 2020" in text
    assert "may be passed on: NO" in text
