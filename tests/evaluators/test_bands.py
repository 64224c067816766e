"""Bands relative to the image: bit-equal to the reference engine, and right on hand-made cases."""

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
from benchmark.evaluators import bands, coco_ap

MakeScored = Callable[..., ScoredSet]


@pytest.mark.parametrize(
    "shape", [{"images": 60}, {"crowd": 0.5}, {"score_decimals": 1}, {"empty": 1.0}, {"detections_per_image": 200}]
)
def test_both_engines_agree_to_the_last_bit(make_scored: MakeScored, shape: dict[str, object]) -> None:
    for seed in range(3):
        scored = make_scored(seed, **shape)
        assert bands.evaluate(scored) == bands.evaluate(scored, engine="reference")


def test_a_box_counts_in_the_band_of_its_share_of_the_image() -> None:
    """0.05 %, 0.5 %, 5 % and 50 % of 1,000 x 1,000 px; the last two are detected, as is a sliver of 300 x 20 px."""
    sides = [(25, 20), (100, 50), (250, 200), (1000, 500), (300, 20)]
    boxes = np.array([[0, 0, w, h] for w, h in sides], np.float64)
    metrics = bands.evaluate(_one_image(boxes, detected=[2, 3, 4], size_px=1000)).metrics
    assert metrics["AP_rel_tiny"] == 0
    assert metrics["AP_rel_medium"] == metrics["AP_rel_large"] == metrics["AP_elongated"] == pytest.approx(1)
    assert metrics["AP_rel_small"] == pytest.approx(51 / 101)  # the sliver is 0.6 %; recall 0.5 of two boxes
    counts = {name: metrics[f"boxes_{name}"] for name in (*bands.SHARES, *bands.ASPECTS)}
    assert counts == {"rel_tiny": 1, "rel_small": 2, "rel_medium": 1, "rel_large": 1, "elongated": 1}


def test_the_same_box_is_larger_in_a_smaller_image() -> None:
    box = np.array([[0, 0, 30, 30]], np.float64)
    large, small = (bands.evaluate(_one_image(box, [0], size)).metrics for size in (1000, 200))
    assert large["AP_rel_tiny"] == small["AP_rel_medium"] == pytest.approx(1)
    assert large["AP_rel_medium"] is small["AP_rel_tiny"] is None


def test_limits_belong_to_both_bands() -> None:
    """Shares at and beside 0.1 %, 1 % and 10 %; sides at and beside 5 to 1, and below one pixel."""
    shares = [0.0009, 0.001, 0.0011, 0.009, 0.01, 0.011, 0.09, 0.1, 0.11]
    boxes = np.array([[0, 0, 500, 2000 * share] for share in shares])
    metrics = bands.evaluate(_one_image(boxes, [], 1000)).metrics
    assert [metrics[f"boxes_{name}"] for name in bands.SHARES] == [2, 4, 4, 2]
    boxes = np.array([[0, 0, 10, 45], [0, 0, 10, 50], [0, 0, 55, 10], [0, 0, 0.5, 2.5]], np.float64)
    assert bands.evaluate(_one_image(boxes, [], 1000)).metrics["boxes_elongated"] == 3


def test_a_false_positive_counts_in_its_own_band() -> None:
    """It is tiny and square, and scores best: neither of large nor of elongated boxes."""
    scored = _one_image(np.array([[0, 0, 1000, 150], [200, 300, 220, 320]], np.float64), [0, 1], 1000)
    first, detections = scored.samples[0], scored.detections[1]
    scored = dataclasses.replace(
        scored,
        samples=[dataclasses.replace(first, annotations=first.annotations.select(np.array([True, False])))],
        detections={1: dataclasses.replace(detections, scores=np.array([0.5, 0.9], np.float32))},
    )
    metrics = bands.evaluate(scored).metrics
    assert metrics["AP_rel_large"] == metrics["AP_elongated"] == pytest.approx(1)
    assert coco_ap.evaluate(scored).metrics["AP"] == pytest.approx(0.5)


def test_a_band_that_holds_everything_is_ap(make_scored: MakeScored, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bands, "SHARES", {"rel_all": (0.0, 1e10)})
    scored = make_scored(3, images=40, detections_per_image=200)  # more than 10 of a class in an image
    assert bands.evaluate(scored).metrics["AP_rel_all"] == coco_ap.evaluate(scored).metrics["AP"]


def test_flat_boxes_are_elongated() -> None:
    metrics = bands.evaluate(_one_image(np.array([[0.0, 5, 50, 5]]), [], 100)).metrics
    assert (metrics["AP_elongated"], metrics["boxes_elongated"]) == (0, 1)


def test_bad_input_is_refused() -> None:
    with pytest.raises(EvaluationError, match="no images"):
        bands.evaluate(ScoredSet(("a",), [], {}))


def test_it_is_a_plugin() -> None:
    evaluator = plugins.load("evaluator", "bands")
    assert (evaluator.name, evaluator.version, evaluator.engines) == ("bands", 1, ("fast", "reference"))


def _one_image(boxes: np.ndarray, detected: list[int], size_px: int) -> ScoredSet:
    ground_truth = Annotations.from_boxes(boxes, np.zeros(len(boxes), np.int64))
    sample = Sample(1, Path("x.png"), size_px, size_px, ground_truth, "s", "g", "made")
    detections = Detections(
        boxes[detected].astype(np.float32), np.full(len(detected), 0.9, np.float32), np.zeros(len(detected), np.int64)
    )
    return ScoredSet(("dent",), [sample], {1: detections})
