"""Several evaluators side by side, with the breakdown by scene and super category, by either engine."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from benchmark.core.errors import ConfigError, UnknownNameError
from benchmark.core.evaluation import Evaluator, ScoredSet, Scores
from benchmark.evaluators import coco_ap, operating_point
from benchmark.evaluators.scoring.engine import coco_curves
from benchmark.evaluators.scoring.match_table import match_table
from benchmark.evaluators.scoring.score import score, score_matches

MakeScored = Callable[..., ScoredSet]
ALL = ("coco_ap", "operating_point", "bands", "tide", "inspection")


def test_values_stand_side_by_side(make_scored: MakeScored) -> None:
    test, val = make_scored(1, images=40), make_scored(2, images=40)
    scores = score(("coco_ap", "operating_point"), test, val)
    assert scores.metrics == {**coco_ap.evaluate(test).metrics, **operating_point.evaluate(test, val).metrics}
    assert scores.per_class == coco_ap.evaluate(test).per_class


def test_both_engines_give_the_same_of_all_evaluators(make_scored: MakeScored) -> None:
    test, val = make_scored(3, images=40, score_decimals=1), make_scored(4, images=40)
    assert score(ALL, test, val) == score(ALL, test, val, engine="reference")
    with pytest.raises(UnknownNameError, match="unknown engine 'pycocotools': valid: fast, reference"):
        score(ALL, test, val, engine="pycocotools")


def test_a_match_table_gives_the_evaluators_that_need_no_boxes(make_scored: MakeScored) -> None:
    test = dataclasses.replace(make_scored(1, images=40), novel=(1,))
    scores = score_matches((*ALL, "base_novel"), match_table(test))
    assert scores == score(("coco_ap", "base_novel"), test)
    assert score_matches(("bands", "tide"), match_table(test)).metrics == {}


def test_a_super_category_is_scored_on_the_images_of_its_scenes(make_scored: MakeScored) -> None:
    scored = make_scored(5, images=45)
    supers = {"scene0": "metal", "scene1": "metal", "scene2": "wood"}
    scores = score(("coco_ap",), dataclasses.replace(scored, super_categories=supers))
    assert set(scores.per_super) == {"metal", "wood"}
    assert scores.per_super["wood"] == scores.per_scene["scene2"]
    metal = [s for s in scored.samples if s.scene != "scene2"]
    alone = coco_ap.evaluate(
        ScoredSet(scored.names, metal, {s.image_id: scored.detections[s.image_id] for s in metal}), engine="reference"
    )
    row = scores.per_super["metal"]
    assert (row["AP"], row["AP50"], row["images"]) == (alone.metrics["AP"], alone.metrics["AP50"], len(metal))
    assert score(("coco_ap",), scored).per_super == {}
    partly = dataclasses.replace(scored, super_categories={"scene2": "wood"})
    assert set(score(("coco_ap",), partly).per_super) == {"wood"}


def test_a_set_of_one_scene_is_counted_once(make_scored: MakeScored, monkeypatch: pytest.MonkeyPatch) -> None:
    scored = make_scored(6, detections_per_image=200)
    scored = dataclasses.replace(scored, samples=[dataclasses.replace(s, scene="steel") for s in scored.samples])
    expected = coco_ap.evaluate(scored, engine="reference")
    calls = []

    def counted(*given: Any) -> Any:
        calls.append(given)
        return coco_curves(*given)

    monkeypatch.setattr(coco_ap, "coco_curves", counted)
    scores = coco_ap.evaluate(scored)
    assert len(calls) == 1
    assert scores == expected
    assert scores.per_scene["steel"]["AP"] == scores.metrics["AP"]


def test_two_evaluators_never_write_one_metric(make_scored: MakeScored, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = iter((0.1, 0.2))
    made = [Evaluator(name, 1, lambda test, val: Scores({"AP": next(numbers)})) for name in ("one", "two")]
    monkeypatch.setattr("benchmark.evaluators.scoring.score.load", lambda kind, name: made.pop(0))
    with pytest.raises(ConfigError, match="evaluator two and another one both write AP"):
        score(("one", "two"), make_scored(0))


def test_unknown_evaluator(make_scored: MakeScored) -> None:
    with pytest.raises(UnknownNameError, match="did you mean coco-ap"):
        score(("coco-a",), make_scored(0))
