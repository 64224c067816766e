"""A match table gives the numbers of the detections it was made from, to the last bit, also when read from a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.core.errors import EvaluationError, RecordError
from benchmark.core.evaluation import ScoredSet
from benchmark.evaluators import base_novel, coco_ap
from benchmark.evaluators.scoring.columns import columns_of
from benchmark.evaluators.scoring.match_table import match_table
from benchmark.evaluators.statistics.bootstrap import bootstrap_ap, intervals
from benchmark.evaluators.statistics.resampling import ap_per_class, resample_weights
from benchmark.records import matches as matches_on_disk
from benchmark.records.matches import read_matches, write_matches
from tests.evaluators.coco_files import federate

MakeScored = Callable[..., ScoredSet]
SHAPES: tuple[dict[str, object], ...] = (
    {},
    {"score_decimals": 1, "crowd": 0.4},
    {"detections_per_image": 400, "classes": 1, "images": 6},
    {"boxes_per_image": 30, "detections_per_image": 90, "classes": 2, "crowd": 0.2, "jitter_px": 12.0},
    {"empty": 0.9},
    {"empty": 1.0},
)


@pytest.mark.parametrize("shape", SHAPES)
def test_numbers_equal_those_of_the_detections_to_the_last_bit(
    make_scored: MakeScored, shape: dict[str, object], tmp_path: Path
) -> None:
    for seed in range(3):
        scored = replace(make_scored(seed, **shape), novel=(0, 2))
        write_matches(tmp_path / "matches.parquet", match_table(scored))
        table = read_matches(tmp_path / "matches.parquet")
        assert coco_ap.from_match_table(table) == coco_ap.evaluate(scored)
        assert base_novel.from_match_table(table) == base_novel.evaluate(scored)
        columns = columns_of(scored)
        weights = resample_weights(columns, 20, seed)
        assert np.array_equal(resample_weights(table, 20, seed), weights)
        assert np.array_equal(ap_per_class(table, weights), ap_per_class(columns, weights), equal_nan=True)
        assert intervals(table) == intervals(scored)


def test_paired_differences_mix_tables_and_detections(make_scored: MakeScored) -> None:
    a, b = make_scored(0), make_scored(0, jitter_px=9.0)
    mixed = bootstrap_ap([match_table(a), b], 50)
    both = bootstrap_ap([a, b], 50)
    assert mixed.point == both.point
    assert mixed.bounds == both.bounds


def test_detections_after_the_last_true_positive_are_left_out(make_scored: MakeScored) -> None:
    scored = make_scored(1, detections_per_image=90)
    table = match_table(scored)
    assert 0 < len(table.score) < sum(map(len, scored.detections.values()))
    for k in np.unique(table.label).tolist():
        assert table.true[table.label == k][-1] != 0


def test_sets_under_lvis_rules_are_refused(make_scored: MakeScored) -> None:
    with pytest.raises(EvaluationError, match="match tables follow COCO's rules"):
        match_table(federate(make_scored(0, crowd=0.0)))


def test_tables_of_other_ground_truth_are_refused(make_scored: MakeScored) -> None:
    with pytest.raises(EvaluationError, match="different ground truth"):
        bootstrap_ap([match_table(make_scored(0)), make_scored(1)], 10)


def test_a_table_beyond_the_limit_is_refused_and_nothing_is_left(
    make_scored: MakeScored, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matches_on_disk, "LIMIT_BYTES", 1000)
    with pytest.raises(RecordError, match="MiB of matches, at most"):
        write_matches(tmp_path / "matches.parquet", match_table(make_scored(0)))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"PAR1", b"{}"])
def test_a_file_of_another_kind_is_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "other.parquet"
    path.write_bytes(content)
    with pytest.raises(RecordError, match=r"other\.parquet: not a match table"):
        read_matches(path)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"score": np.zeros(1, np.float32)}, "image, label, score, true and ignored differ in length"),
        ({"groups": ()}, "an image lacks its group"),
        ({"box_label": np.zeros(1, np.int64)}, "boxes differ in length"),
        ({"image": 10**6}, "an image is outside 0.."),
        ({"label": -1}, "a class is outside 0.."),
        ({"box_label": 99}, "a class is outside 0.."),
        ({"boxes": -1}, "a number of boxes is negative"),
        ({"label": 0}, "detections are not sorted by class"),
        ({"score": np.nan}, "a score is not finite"),
    ],
)
def test_a_table_that_does_not_fit_together_is_refused(
    make_scored: MakeScored, changes: dict[str, Any], problem: str
) -> None:
    table = match_table(make_scored(0))
    ((name, value),) = changes.items()
    if not isinstance(value, (np.ndarray, tuple)):
        array = getattr(table, name).copy()
        array[-1] = value
        value = array
    with pytest.raises(EvaluationError, match=f"match table: {problem}"):
        replace(table, **{name: value})
