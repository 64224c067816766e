"""Cells on the same resamples, and their differences per class; verdicts are in test_verdict."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmark.core.detections import Annotations, Detections
from benchmark.core.errors import EvaluationError
from benchmark.core.evaluation import ScoredSet
from benchmark.core.sample import Sample
from benchmark.evaluators import coco_ap
from benchmark.evaluators.scoring.columns import columns_of
from benchmark.evaluators.statistics.bootstrap import bootstrap_ap
from benchmark.evaluators.statistics.comparison import class_differences, resample_cells

MakeScored = Callable[..., ScoredSet]
BOX = np.array([[10.0, 10, 50, 50]])


def found_in(share: float, images: int = 200, seed: int = 0, group: int = 1) -> ScoredSet:
    """One box per image, detected without error in that share of the images: AP is that share."""
    found = np.random.default_rng(seed).permutation(images) < share * images
    ground_truth = Annotations.from_boxes(BOX, np.zeros(1, np.int64))
    samples = [
        Sample(i, Path("x.png"), 100, 100, ground_truth, "s", f"{i // group}", "made") for i in range(1, images + 1)
    ]
    one = Detections(BOX.astype(np.float32), np.full(1, 0.5, np.float32), np.zeros(1, np.int64))
    return ScoredSet(("a",), samples, {i: one if found[i - 1] else Detections.empty() for i in range(1, images + 1)})


def test_each_seed_is_resampled_on_the_same_images(make_scored: MakeScored) -> None:
    a = make_scored(0, images=60)
    b = dataclasses.replace(a, detections={i: own.best(3) for i, own in a.detections.items()})
    cells = resample_cells({"both": [a, b], "a": [a]}, resamples=100)
    assert (cells["a"].values["AP"][0] == cells["both"].values["AP"][0]).all()
    assert (cells["both"].images, cells["both"].groups) == (60, 60)
    for row, one in enumerate((a, b)):
        for metric in ("AP", "AP50"):
            alone = bootstrap_ap(one, resamples=100)
            assert cells["both"].values[metric][row, 1:] == pytest.approx(alone.resampled[metric])
            assert cells["both"].values[metric][row, 0] == pytest.approx(coco_ap.evaluate(one).metrics[metric])
    difference = cells["both"].values["AP"][0] - cells["both"].values["AP"][1]
    assert difference[1:].std() < cells["a"].values["AP"][0, 1:].std()


def test_several_seeds_are_averaged_in_each_resample(make_scored: MakeScored) -> None:
    first = make_scored(0, images=40)
    second = dataclasses.replace(first, detections={i: d.best(4) for i, d in first.detections.items()})
    together = bootstrap_ap([first, second], resamples=60, seed=2)
    alone = [bootstrap_ap(one, resamples=60, seed=2) for one in (first, second)]
    assert together.resampled["AP"] == pytest.approx(sum(one.resampled["AP"] for one in alone) / 2)
    assert together.point["AP"] == pytest.approx(
        np.mean([coco_ap.evaluate(one).metrics["AP"] for one in (first, second)])
    )


def test_classes_gained_and_lost(make_scored: MakeScored) -> None:
    a = make_scored(3, images=60)
    b = dataclasses.replace(a, detections={i: d.best(3) for i, d in a.detections.items()})
    cells = resample_cells({"a": [a], "b": [b]}, resamples=200)
    rows = class_differences(cells["a"], cells["b"])
    for one, position in ((a, 0), (b, 1)):
        for name, values in coco_ap.evaluate(one).per_class.items():
            assert rows[name][position] == pytest.approx(values["AP"])
    for ap_a, ap_b, low, high in rows.values():
        assert low <= ap_a - ap_b <= high or (ap_a == ap_b and low == high == 0)
    crowded = make_scored(0, classes=30, images=4)
    present = {int(k) for s in crowded.samples for k in s.annotations.labels[~s.annotations.iscrowd]}
    alone = resample_cells({"a": [crowded]}, resamples=5)["a"]
    assert set(class_differences(alone, alone)) == {f"class {k}" for k in present}


def test_no_interval_of_a_class_leaves_the_range_of_a_difference() -> None:
    """Three parts, one of which is found in no image: so are some resamples, and 2 * 0.69 - 0 is not an AP."""
    sets = {"found": [found_in(0.7, 10, seed=3, group=5)], "missed": [found_in(0.0, 10, group=5)]}
    cells = resample_cells(sets)
    assert np.quantile(cells["found"].values["AP"][0, 1:], 0.025) == 0
    low, high = class_differences(cells["found"], cells["missed"])["a"][2:]
    assert 0 < low < high == 1
    low, high = class_differences(cells["missed"], cells["found"])["a"][2:]
    assert -1 == low < high < 0


def test_sets_that_cannot_be_compared_are_refused(make_scored: MakeScored) -> None:
    a = make_scored(0)
    with pytest.raises(EvaluationError, match="b has no set"):
        resample_cells({"a": [a], "b": []})
    with pytest.raises(EvaluationError, match="at least one set"):
        resample_cells({})
    with pytest.raises(EvaluationError, match="different class names"):
        resample_cells({"a": [a], "b": [dataclasses.replace(a, names=("w", "x", "y", "z"))]})
    fewer = dataclasses.replace(a, samples=a.samples[1:], detections={
        s.image_id: a.detections[s.image_id] for s in a.samples[1:]
    })  # fmt: skip
    with pytest.raises(EvaluationError, match="different images"):
        resample_cells({"a": [a], "b": [fewer]})
    with pytest.raises(EvaluationError, match="different ground truth"):
        resample_cells({"a": [a], "b": [make_scored(1)]})
    columns = columns_of(a)
    regrouped = dataclasses.replace(columns, groups=tuple("x" for _ in columns.groups))
    with pytest.raises(EvaluationError, match="different ground truth"):
        resample_cells({"a": [a], "b": [regrouped]})
