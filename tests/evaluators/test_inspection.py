"""Inspection metrics on hand-made sets: thresholds are chosen on the validation part and applied to the test part."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmark.core import plugins
from benchmark.core.detections import Annotations, Detections
from benchmark.core.errors import EvaluationError
from benchmark.core.evaluation import ScoredSet
from benchmark.core.sample import Sample
from benchmark.evaluators import inspection
from benchmark.evaluators.inspection import alarm_threshold, smallest_found, threshold_above

MakeScored = Callable[..., ScoredSet]
BOX = [10.0, 10, 50, 50]
ELSEWHERE = [60.0, 60, 90, 90]


def make(good: list[list[float]], defective: list[list[tuple[float, bool]]]) -> ScoredSet:
    """Defect-free images with detections of those scores; images with one box and (score, is on the box) each."""
    samples, detections = [], {}
    for number, rows in enumerate([*[[(s, False) for s in scores] for scores in good], *defective], start=1):
        boxes = np.array([BOX] if number > len(good) else []).reshape(-1, 4)
        ground_truth = Annotations.from_boxes(boxes, np.zeros(len(boxes), np.int64))
        samples.append(Sample(number, Path("x.png"), 100, 100, ground_truth, "s", str(number), "made"))
        xyxy = np.array([BOX if hit else ELSEWHERE for _, hit in rows], np.float32).reshape(-1, 4)
        scores = np.array([score for score, _ in rows], np.float32)
        detections[number] = Detections(xyxy, scores, np.zeros(len(rows), np.int64))
    return ScoredSet(("dent",), samples, detections)


def test_escapes_at_a_rate_of_false_alarms_chosen_on_validation() -> None:
    """Of 20 defect-free validation images one may raise an alarm, so the threshold is the second best score: 0.6."""
    val = make([[0.9], [0.6], *[[0.1]] * 18], [[(0.8, True)]])
    test = make([[0.7, 0.65], [0.6], [], []], [[(0.9, True)], [(0.61, False)], [(0.6, True)], []])
    metrics = inspection.evaluate(test, val).metrics
    assert metrics["escape_rate@5%FA"] == 0.5  # an alarm beside the defect stops the part as well; 0.6 is not above 0.6
    assert metrics["false_alarm_rate@5%FA"] == 0.25
    assert metrics["false_alarms_per_good_image@5%FA"] == 0.5


def test_rates_come_with_their_basis_and_intervals() -> None:
    val = make([[0.9], [0.6], *[[0.1]] * 18], [[(0.8, True)]])
    test = make([[0.7, 0.65], [0.5], [], []], [[(0.9, True)], [(0.61, False)], [(0.6, True)], []])
    scores = inspection.evaluate(test, val)
    assert scores.basis == {"good_val_images": 20, "good_test_images": 4, "defective_test_images": 4}
    low, high = scores.intervals["escape_rate@5%FA"]
    assert (low, high) == pytest.approx((0.15004, 0.84996), abs=1e-4)  # Wilson's interval of 2 in 4
    assert scores.intervals["false_alarm_rate@5%FA"] == pytest.approx((0.04559, 0.69936), abs=1e-4)  # of 1 in 4


def test_wilson_interval_of_no_and_of_all_images() -> None:
    assert inspection.wilson_interval(0.0, 30) == pytest.approx((0.0, 0.11351), abs=1e-4)
    assert inspection.wilson_interval(1.0, 30) == pytest.approx((0.88649, 1.0), abs=1e-4)


def test_recall_at_one_false_positive_an_image() -> None:
    """Two validation images and so two false positives: the threshold is the third best of them, 0.3."""
    val = make([[0.5, 0.4]], [[(0.3, False), (0.2, False), (0.9, True)]])
    test = make([[0.35, 0.31, 0.29]], [[(0.8, True), (0.7, True)], [(0.3, True)], [(0.31, True)]])
    metrics = inspection.evaluate(test, val).metrics
    assert metrics["recall@1FPPI"] == pytest.approx(2 / 3)
    assert metrics["false_alarms_per_image@1FPPI"] == 3 / 4  # two on the good image and a second hit on one box


def test_the_test_part_never_moves_a_threshold(make_scored: MakeScored) -> None:
    val, test = make_scored(1, images=60), make_scored(2, images=60)
    louder = dataclasses.replace(test, detections={
        i: dataclasses.replace(own, scores=own.scores**np.float32(0.25)) for i, own in test.detections.items()
    })  # fmt: skip
    metrics = [inspection.evaluate(one, val).metrics for one in (test, louder)]
    quiet, loud = (np.array([each["false_alarm_rate@5%FA"], each["escape_rate@5%FA"]], float) for each in metrics)
    assert loud[0] > quiet[0]
    assert loud[1] < quiet[1]
    itself = inspection.evaluate(test, test).metrics
    assert itself["false_alarm_rate@5%FA"] is not None
    assert itself["false_alarm_rate@5%FA"] <= 0.05
    assert itself["false_alarms_per_image@1FPPI"] is not None
    assert itself["false_alarms_per_image@1FPPI"] <= 1


def test_values_without_images_are_none(make_scored: MakeScored) -> None:
    test, no_good, no_bad = make_scored(1), make_scored(2, empty=0.0), make_scored(3, empty=1.0)
    nothing = dict.fromkeys(inspection.METRICS)
    assert inspection.evaluate(test).metrics == nothing
    of_images = inspection.METRICS[:3]
    assert all(inspection.evaluate(test, no_good).metrics[name] is None for name in of_images)
    assert inspection.evaluate(test, no_good).metrics["recall@1FPPI"] is not None
    reverse = inspection.evaluate(no_good, test).metrics
    assert reverse["escape_rate@5%FA"] is not None
    assert reverse["false_alarm_rate@5%FA"] is reverse["false_alarms_per_good_image@5%FA"] is None
    assert inspection.evaluate(no_bad, test).metrics["escape_rate@5%FA"] is None
    assert inspection.evaluate(test, no_bad).metrics["recall@1FPPI"] is None


def test_an_image_with_only_a_crowd_is_not_defect_free() -> None:
    scored = make([[0.9]], [[(0.9, True)]])
    ground_truth = scored.samples[1].annotations
    crowd = dataclasses.replace(
        scored.samples[1], annotations=dataclasses.replace(ground_truth, iscrowd=np.array([True]))
    )
    metrics = inspection.evaluate(dataclasses.replace(scored, samples=[scored.samples[0], crowd]), scored).metrics
    assert metrics["escape_rate@5%FA"] == 1  # one image is defective, and neither score is above 0.9
    assert metrics["recall@1FPPI"] is None


def test_thresholds() -> None:
    scores = np.array([0.2, 0.9, 0.5, 0.5])
    assert threshold_above(scores, 0) == 0.9
    assert threshold_above(scores, 1) == threshold_above(scores, 2) == 0.5
    assert threshold_above(scores, 4) == -np.inf
    assert alarm_threshold(np.arange(100.0), 0.05) == 94  # 95 to 99 are above
    assert alarm_threshold(np.arange(19.0), 0.05) == 18  # a twentieth of 19 images is none


def test_smallest_found_side() -> None:
    side_px = np.repeat([8.0, 16.0, 32.0, 64.0], 20)
    detected = np.ones(80, np.bool_)
    assert smallest_found(side_px, detected) == pytest.approx(2**2.5)  # 5.7 to 11.3 px is the lowest octave with boxes
    detected[:20] = False
    assert smallest_found(side_px, detected) == pytest.approx(2**3.5)
    detected[40:43] = False  # 17 of 20 at 32 px: nothing below can count as reliable
    assert smallest_found(side_px, detected) == pytest.approx(2**5.5)
    assert smallest_found(side_px, np.zeros(80, np.bool_)) is None
    assert smallest_found(side_px[:9], detected[:9]) is None


def test_octaves_start_at_2_px_and_need_10_boxes() -> None:
    for side_px, smallest in ((2.0, 2.0), (1.9, None), (8191.0, 4096.0), (8192.0, None)):
        assert smallest_found(np.full(10, side_px), np.ones(10, bool)) == smallest
    assert smallest_found(np.full(9, 2.0), np.ones(9, bool)) is None
    assert smallest_found(np.full(10, 2.0), np.arange(10) > 0) == 2  # nine of ten is 90 %
    assert smallest_found(np.full(11, 2.0), np.arange(11) > 1) is None


def test_a_box_is_as_large_as_the_root_of_its_area_and_detected_or_not() -> None:
    """Ten boxes of 4 x 16 px, so 8 px; the eleventh is missed."""
    boxes = np.array([[20.0 * n, 0, 20.0 * n + 4, 16] for n in range(11)])
    ground_truth = Annotations.from_boxes(boxes, np.zeros(11, np.int64))
    detections = Detections(boxes[:10].astype(np.float32), np.full(10, 0.5, np.float32), np.zeros(10, np.int64))
    scored = ScoredSet(("a",), [Sample(1, Path("x.png"), 300, 20, ground_truth, "s", "g", "made")], {1: detections})
    metrics = inspection.evaluate(scored, scored).metrics
    assert metrics["recall@1FPPI"] == pytest.approx(10 / 11)
    assert metrics["smallest_found_px@1FPPI"] == pytest.approx(2**2.5)


def test_five_of_a_hundred_good_images_may_raise_an_alarm() -> None:
    val = make([[score] for score in np.linspace(0, 1, 100).tolist()], [[]])
    assert inspection.evaluate(val, val).metrics["false_alarm_rate@5%FA"] == 0.05


def test_bad_input_is_refused(make_scored: MakeScored) -> None:
    with pytest.raises(EvaluationError, match="no images"):
        inspection.evaluate(make_scored(0), ScoredSet(("a",), [], {}))


def test_it_is_a_plugin() -> None:
    evaluator = plugins.load("evaluator", "inspection")
    assert (evaluator.name, evaluator.version, evaluator.engines) == ("inspection", 1, ())
