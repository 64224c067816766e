"""Both engines on one set, and ultralytics' own AP: what each would print, and how far they are apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from benchmark.core.evaluation import Evaluator, ScoredSet, Scores
from benchmark.evaluators import coco_ap
from benchmark.evaluators.scoring.columns import columns_of
from benchmark.evaluators.scoring.cross_check import compare_engines, compare_framework
from benchmark.evaluators.scoring.engine import IOU_THRESHOLDS
from benchmark.evaluators.scoring.matching import match_yolo
from tests.evaluators.ultralytics_matches import ultralytics_matches

MakeScored = Callable[..., ScoredSet]


@pytest.mark.parametrize("seed", range(3))
def test_engines_agree_on_every_value(make_scored: MakeScored, seed: int) -> None:
    scored = make_scored(seed, score_decimals=1)
    facts = compare_engines(("coco_ap", "tide", "bands"), scored)
    assert facts["equal"]
    assert facts["largest_difference"] == 0
    assert {"AP", "AP50", "AP_rel_tiny"} <= facts["metrics"].keys()
    assert not any(name.startswith("dAP") for name in facts["metrics"])  # TIDE has our code alone
    assert facts["metrics"]["AP"]["fast"] == coco_ap.evaluate(scored).metrics["AP"]
    assert facts["compared"] > len(facts["metrics"])


def test_an_engine_that_is_off_is_seen(make_scored: MakeScored, monkeypatch: pytest.MonkeyPatch) -> None:
    def off(test: Any, val: Any = None, *, engine: str = "fast") -> Any:
        scores = coco_ap.evaluate(test, val)
        if engine == "fast":
            return scores
        return replace(scores, metrics={**scores.metrics, "AP75": None, "AP": (scores.metrics["AP"] or 0) + 1e-9})

    monkeypatch.setattr(coco_ap, "EVALUATOR", Evaluator("coco_ap", 1, off, ("fast", "reference")))
    facts = compare_engines(("coco_ap",), make_scored(0))
    assert not facts["equal"]
    assert facts["metrics"]["AP"]["difference"] == pytest.approx(1e-9)
    assert facts["largest_difference"] == 1


def test_a_perfect_detector_is_perfect_by_any_curve(make_scored: MakeScored) -> None:
    """With a function of our own in the framework's place: the mean of precision at each true detection."""

    def plain(true: Any, scores: Any, labels: Any, targets: Any) -> Any:
        order = np.argsort(-scores, kind="stable")
        assert true.shape == (len(scores), 10)
        classes = np.unique(targets)
        rows = []
        for k in classes:
            mine = true[order][labels[order] == k]
            rows.append((mine * mine.cumsum(0) / np.arange(1, len(mine) + 1)[:, None]).sum(0) / (targets == k).sum())
        return np.array(rows), classes

    scored = make_scored(0, crowd=0.0)
    columns = columns_of(scored)
    perfect = replace(
        columns, detections=replace(columns.ground_truth, score=np.linspace(1, 0.5, len(columns.ground_truth)))
    )
    facts = compare_framework(perfect, plain)
    for rule in ("own_matches", "coco_matches"):
        assert facts[rule]["AP"] == pytest.approx(1)
        assert facts[rule]["largest_of_a_class"] == pytest.approx(0)
    nothing = replace(columns, ground_truth=columns.ground_truth.take(np.zeros(len(columns.ground_truth), bool)))
    assert compare_framework(nothing, plain)["own_matches"] == {"AP": None, "AP50": None}


def test_a_frameworks_ap_is_set_beside_ours(make_scored: MakeScored) -> None:
    """Class k's AP is k + 1 % at IoU 0.50 and falls with the threshold; class 0 is never detected, then none is."""
    columns = columns_of(make_scored(1, images=40, crowd=0.3))
    seen = []

    def made(true: Any, scores: Any, labels: Any, targets: Any) -> Any:
        seen.append((true, scores, labels))
        classes = np.unique(targets)
        return (classes[:, None] + 1) / 100 - np.arange(10) / 1000, classes

    for labels in ((1, 2, 3), ()):
        detections = columns.detections.take(np.isin(columns.detections.label, labels))
        part = replace(columns, detections=detections)
        seen.clear()
        facts, ours = compare_framework(part, made), coco_ap.evaluate(part)
        of_class = [values["AP"] for values in ours.per_class.values()]
        own = match_yolo(part.ground_truth, detections)
        for place, threshold in enumerate(IOU_THRESHOLDS):
            at = match_yolo(part.ground_truth, detections, float(threshold))
            assert np.array_equal(seen[0][0][:, place], at.true[0])
        assert np.array_equal(seen[0][1], own.score)
        assert np.array_equal(seen[0][2], own.label)
        for rule in ("own_matches", "coco_matches"):
            ap, ap50 = 0.025 - 0.0045, 0.025
            assert None not in (ours.metrics["AP"], *of_class)
            assert facts[rule] == pytest.approx({
                "AP": ap,
                "AP50": ap50,
                "AP_minus_fast": ap - (ours.metrics["AP"] or 0),
                "AP50_minus_fast": ap50 - (ours.metrics["AP50"] or 0),
                "largest_of_a_class": max(abs((k + 1) / 100 - 0.0045 - (a or 0)) for k, a in enumerate(of_class)),
            })  # fmt: skip
    assert of_class == [0, 0, 0, 0]
    nothing = replace(columns, ground_truth=columns.ground_truth.take(columns.ground_truth.iscrowd))
    empty = {"AP": None, "AP50": None}
    assert compare_framework(nothing, made) == {"own_matches": empty, "coco_matches": empty}


def test_the_validation_part_comes_along(make_scored: MakeScored, monkeypatch: pytest.MonkeyPatch) -> None:
    def images(test: Any, val: Any = None, *, engine: str = "fast") -> Scores:
        return Scores({"images": 0 if val is None else len(val.image_ids), "engine": float(engine == "fast")})

    monkeypatch.setattr(coco_ap, "EVALUATOR", Evaluator("coco_ap", 1, images, ("fast", "reference")))
    facts = compare_engines(("coco_ap", "tide"), make_scored(0), make_scored(1, images=7))
    assert facts["metrics"]["images"] == {"fast": 7, "reference": 7, "difference": 0}
    assert (facts["compared"], facts["largest_difference"], facts["equal"]) == (2, 1, False)
    without = compare_engines(("tide",), make_scored(0))
    assert (without["compared"], without["largest_difference"], without["equal"]) == (0, 0, True)


@pytest.mark.models
@pytest.mark.parametrize("shape", [{"images": 60}, {"images": 40, "crowd": 0.4, "detections_per_image": 60}])
def test_own_matches_are_what_ultralytics_prints(make_scored: MakeScored, shape: dict[str, Any]) -> None:
    from ultralytics.utils.metrics import ap_per_class

    scored = make_scored(3, **shape)
    theirs = ap_per_class(*ultralytics_matches(scored))[5]
    facts = compare_framework(columns_of(scored), lambda *columns: ap_per_class(*columns)[5:7])
    assert facts["own_matches"]["AP"] == pytest.approx(theirs.mean(), abs=1e-12)
    assert facts["own_matches"]["AP50"] == pytest.approx(theirs[:, 0].mean(), abs=1e-12)
    assert 0 < abs(facts["coco_matches"]["AP_minus_fast"]) < 0.05
