"""What the engines are given: which detections, how many classes at a time, and which boxes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from benchmark.core.evaluation import ScoredSet
from benchmark.evaluators import lvis_ap, lvis_fixed_ap
from benchmark.evaluators.scoring import engine
from benchmark.evaluators.scoring.columns import BoxColumns, Columns, FederationColumns, columns_of
from benchmark.evaluators.scoring.engine import as_lvis_api_counts, coco_curves

MakeScored = Callable[..., ScoredSet]


@pytest.mark.parametrize(
    ("per_class", "parts"),
    [([10] * 5, [2, 2, 1]), ([30, 5, 10, 5, 25], [1, 3, 1]), ([0, 21, 0, 20, 0], [1, 1, 3]), ([4] * 5, [5])],
)
def test_classes_are_counted_in_parts_of_so_many_detections(
    make_scored: MakeScored, monkeypatch: pytest.MonkeyPatch, per_class: list[int], parts: list[int]
) -> None:
    """At most 20 detections at a time, or one class with more: the same curves bit for bit."""
    columns = columns_of(make_scored(0, classes=5, images=30, detections_per_image=60, crowd=0.3))
    label = columns.detections.label
    rows = np.sort(np.concatenate([np.flatnonzero(label == k)[:count] for k, count in enumerate(per_class)]))
    columns = dataclasses.replace(columns, detections=columns.detections.take(rows))
    whole, hotcoco, seen = coco_curves(columns), engine._hotcoco, []

    def recorded(part: Columns) -> Any:
        seen.append(part.names)
        return hotcoco(part)

    monkeypatch.setattr(engine, "_ROWS_AT_A_TIME", 20)
    monkeypatch.setattr(engine, "_hotcoco", recorded)
    in_parts = coco_curves(columns)
    assert ([len(names) for names in seen], sum(seen, ())) == (parts, columns.names)
    assert in_parts.precision.tobytes() == whole.precision.tobytes()
    assert in_parts.recall.tobytes() == whole.recall.tobytes()
    seen.clear()
    coco_curves(columns, "reference")
    assert not seen


def test_lvis_counts_the_best_of_an_image_and_no_empty_boxes() -> None:
    area = np.array([0.0, 0.5, 1.0, 9.0, 4.0])
    image, score = np.array([0, 0, 0, 1, 1]), np.array([0.9, 0.2, 0.8, 0.1, 0.1])
    boxes = BoxColumns(image, np.zeros(5, np.int64), np.ones((5, 4)), score, np.zeros(5, bool), area)
    columns = Columns(("a",), np.arange(1, 3), np.full((2, 2), 9), ("", ""), ("", ""), boxes, boxes)

    def kept(limit: int) -> Any:
        counted = as_lvis_api_counts(columns, limit)
        assert counted.ground_truth.area_px.tolist() == [0.5, 1, 9, 4]
        return counted.detections.area_px.tolist()

    assert kept(-1) == kept(3) == [0.5, 1, 9, 4]
    assert kept(2) == [1, 9, 4]  # the empty box is the best of its image: it takes a place all the same
    assert kept(1) == [9]
    assert kept(0) == []
    full = dataclasses.replace(columns, ground_truth=boxes.take(area > 0), detections=boxes.take(area > 0))
    assert len(as_lvis_api_counts(full, -1).detections) == 4


def _last_of(detections: int, images: int) -> Columns:
    """One class, one box per image: only the worst detection of the last image is right."""
    here, count, nothing = np.arange(images), detections // images, np.zeros((0, 2), np.int64)
    box, elsewhere = [10.0, 10, 20, 20], [60.0, 60, 20, 20]
    none, unscored = np.zeros(images, np.int64), np.zeros(images)
    ground_truth = BoxColumns(here, none, np.tile(box, (images, 1)), unscored, none > 0, np.full(images, 400.0))
    xywh, scores = np.array([*[elsewhere] * (detections - 1), box]), np.linspace(1, 0.5, detections)
    labels = np.zeros(detections, np.int64)
    answer = BoxColumns(np.repeat(here, count), labels, xywh, scores, labels > 0, np.full(detections, 400.0))
    size, blank = np.full((images, 2), 100), ("",) * images
    federation = FederationColumns(("f",), nothing, nothing)
    return Columns(("a",), here + 1, size, blank, blank, ground_truth, answer, federation=federation)


def test_limits_of_lvis_are_300_per_image_and_10000_per_class() -> None:
    assert lvis_ap.evaluate(_last_of(300, 1)).metrics["AP"] == pytest.approx(1 / 300)
    assert lvis_ap.evaluate(_last_of(301, 1)).metrics["AP"] == 0
    assert lvis_fixed_ap.evaluate(_last_of(301, 1)).metrics["AP_fixed"] == pytest.approx(1 / 301)
    reached = lvis_fixed_ap.evaluate(_last_of(10_000, 10)).metrics["AP_fixed"]
    assert reached is not None
    assert reached > 0
    assert lvis_fixed_ap.evaluate(_last_of(10_001, 73)).metrics["AP_fixed"] == 0
