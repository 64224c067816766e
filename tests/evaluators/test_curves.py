"""Curves and confusions that figures draw: the same numbers as the record's, and each box counted once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmark.core.boxes import iou
from benchmark.core.detections import Annotations, Detections
from benchmark.core.evaluation import ScoredSet
from benchmark.core.sample import Sample
from benchmark.evaluators import coco_ap, lvis_ap, operating_point
from benchmark.evaluators.scoring.curves import best_confidence, confusion, mean_precision

MakeScored = Callable[..., ScoredSet]


def scene(
    ground_truth: list[list[float]], labels: list[int], detected: list[list[float]], answers: list[int]
) -> ScoredSet:
    """One image of two classes; the scores fall in the order of the detections."""
    boxes = np.array(ground_truth, np.float64).reshape(-1, 4)
    crowd = np.zeros(len(boxes), bool)
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    annotations = Annotations(boxes, np.array(labels, np.int64), crowd, area)
    sample = Sample(1, Path("1.png"), 100, 100, annotations, "wood", "a", "made")
    scores = np.linspace(0.9, 0.5, len(detected)).astype(np.float32)
    detections = Detections(np.array(detected, np.float32).reshape(-1, 4), scores, np.array(answers, np.int64))
    return ScoredSet(("hole", "dent"), [sample], {1: detections})


@pytest.mark.parametrize("seed", range(4))
def test_the_area_below_a_curve_is_the_ap_of_the_record(make_scored: MakeScored, seed: int) -> None:
    scored = make_scored(seed, classes=7, images=12)
    curves = mean_precision(scored)
    metrics = coco_ap.evaluate(scored).metrics
    assert curves.shape == (3, 101)
    assert curves.mean(axis=1).tolist() == pytest.approx([metrics["AP50"], metrics["AP75"], metrics["AP"]], abs=1e-6)
    assert (np.diff(curves, axis=1) <= 1e-6).all()  # precision is made to fall with recall


def test_lvis_has_its_own_curves(make_scored: MakeScored) -> None:
    scored = make_scored(1, crowd=0.0)
    scored = replace(
        scored, frequency=("r", "c", "f", "f"), negative={s.image_id: (0, 1, 2, 3) for s in scored.samples}
    )
    curves, metrics = mean_precision(scored), lvis_ap.evaluate(scored).metrics
    assert curves[0].mean() == pytest.approx(metrics["AP50"], abs=1e-6)
    assert curves[1].mean() == pytest.approx(metrics["AP75"], abs=1e-6)
    assert curves[2].mean() == pytest.approx(metrics["AP"], abs=1e-6)


def test_nothing_to_find_is_a_curve_of_zeros(make_scored: MakeScored) -> None:
    nothing = make_scored(0, boxes_per_image=1, empty=1.0)
    assert mean_precision(nothing).tolist() == [[0.0] * 101] * 3
    assert best_confidence(nothing) == 0.0


@pytest.mark.parametrize("seed", range(3))
def test_the_confidence_is_the_operating_points(make_scored: MakeScored, seed: int) -> None:
    scored = make_scored(seed)
    assert best_confidence(scored) == operating_point.evaluate(scored).metrics["conf@maxF1"]


def test_each_box_and_detection_is_counted_once(make_scored: MakeScored) -> None:
    scored = make_scored(2, images=30)
    counts = confusion(scored, 0.3)
    labels = [s.annotations.labels[~s.annotations.iscrowd] for s in scored.samples]
    detections = [scored.detections[s.image_id] for s in scored.samples]
    kept = np.concatenate([each.labels[each.scores >= 0.3] for each in detections])
    assert counts[:-1].sum(axis=1).tolist() == np.bincount(np.concatenate(labels), minlength=4).tolist()
    assert counts[:, :-1].sum(axis=0).tolist() == np.bincount(kept, minlength=4).tolist()
    assert counts[-1, -1] == 0


def test_pairs_are_those_of_a_plain_search(make_scored: MakeScored) -> None:
    scored = make_scored(3, images=8, crowd=0.0)
    counts = np.zeros((5, 5), np.int64)
    for sample in scored.samples:
        answer = scored.detections[sample.image_id]
        keep = [i for i in range(len(answer)) if answer.scores[i] >= 0.2]
        ground_truth = list(range(len(sample.annotations)))
        while True:
            pairs = [
                (float(iou(sample.annotations.xyxy[[t]], answer.xyxy[[d]].astype(np.float64))[0, 0]), t, d)
                for t in ground_truth
                for d in keep
            ]
            best = max(pairs, default=(0.0, 0, 0))
            if best[0] < 0.5:
                break
            counts[sample.annotations.labels[best[1]], answer.labels[best[2]]] += 1
            ground_truth.remove(best[1])
            keep.remove(best[2])
        for t in ground_truth:
            counts[sample.annotations.labels[t], 4] += 1
        for d in keep:
            counts[4, answer.labels[d]] += 1
    assert confusion(scored, 0.2).tolist() == counts.tolist()


def test_of_equal_overlaps_the_first_box_and_the_first_detection_are_paired() -> None:
    """Twenty equal boxes of classes in turn and twenty equal detections: the pairs are in the order of both."""
    labels, answers = [n % 2 for n in range(20)], [int(n < 12) for n in range(20)]
    box = [10.0, 10.0, 50.0, 50.0]
    counts = confusion(scene([box] * 20, labels, [box] * 20, answers), 0.0)
    assert counts[0, 1] == sum(a == 0 and b == 1 for a, b in zip(labels, answers, strict=True)) == 6
    assert counts.sum() == 20


def test_the_nearer_detection_takes_the_box_whatever_its_class_or_score() -> None:
    hole = [[10.0, 10.0, 50.0, 50.0]]
    scored = scene(hole, [0], [[10, 10, 50, 44], [10, 10, 50, 50]], [0, 1])
    assert confusion(scored, 0.0).tolist() == [[0, 1, 0], [0, 0, 0], [1, 0, 0]]
    assert confusion(scored, 0.6).tolist() == [[1, 0, 0], [0, 0, 0], [0, 0, 0]]
    assert confusion(scored, 0.95).tolist() == [[0, 0, 1], [0, 0, 0], [0, 0, 0]]
    assert confusion(scored, 0.5).tolist() == confusion(scored, 0.0).tolist()  # a score of that much counts


def test_an_overlap_below_the_least_is_a_miss_and_an_invention() -> None:
    scored = scene([[0, 0, 40, 40]], [1], [[20, 0, 60, 40]], [1])
    assert confusion(scored, 0.0).tolist() == [[0, 0, 0], [0, 0, 1], [0, 1, 0]]
    assert confusion(scored, 0.0, least_iou=0.3).tolist() == [[0, 0, 0], [0, 1, 0], [0, 0, 0]]
    for height, paired in ((20, 1), (19, 0)):  # an IoU of 0.5 is enough
        assert confusion(scene([[0, 0, 40, 40]], [1], [[0, 0, 40, height]], [1]), 0.0)[1, 1] == paired
