"""AP on base and novel classes: means over COCO's AP per class, equal in both engines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from statistics import fmean

import numpy as np
import pytest

from benchmark.core import plugins
from benchmark.core.evaluation import ScoredSet
from benchmark.evaluators import base_novel, coco_ap
from benchmark.evaluators.scoring.columns import columns_of
from benchmark.evaluators.scoring.score import score

MakeScored = Callable[..., ScoredSet]


@pytest.mark.parametrize("seed", range(3))
def test_halves_are_means_over_their_classes(make_scored: MakeScored, seed: int) -> None:
    scored = replace(make_scored(seed, classes=6, detections_per_image=200), novel=(1, 4))
    per_class = coco_ap.evaluate(scored).per_class
    values = base_novel.evaluate(scored).metrics
    for metric in ("AP", "AP50"):
        novel = fmean(per_class[f"class {k}"][metric] or 0 for k in (1, 4))
        base = fmean(per_class[f"class {k}"][metric] or 0 for k in (0, 2, 3, 5))
        assert values[f"{metric}_novel"] == pytest.approx(novel, abs=1e-12)
        assert values[f"{metric}_base"] == pytest.approx(base, abs=1e-12)
        assert values[f"{metric}_harmonic"] == pytest.approx(2 / (1 / base + 1 / novel), abs=1e-12)
    boxes = sum(int((~s.annotations.iscrowd).sum()) for s in scored.samples)
    assert (values["boxes_base"] or 0) + (values["boxes_novel"] or 0) == boxes
    assert base_novel.evaluate(scored, engine="reference").metrics == values
    assert score(("coco_ap", "base_novel"), scored).metrics["AP_novel"] == values["AP_novel"]


def test_a_set_without_novel_classes_has_one_half(make_scored: MakeScored) -> None:
    values = base_novel.evaluate(make_scored(0)).metrics
    assert values["AP_base"] == pytest.approx(coco_ap.evaluate(make_scored(0)).metrics["AP"], abs=1e-12)
    assert values["AP_novel"] is None
    assert values["AP_harmonic"] is None


def test_nothing_found_has_harmonic_mean_zero(make_scored: MakeScored) -> None:
    scored = replace(make_scored(0), novel=(0,))
    nothing = replace(
        scored, detections={image_id: detections.best(0) for image_id, detections in scored.detections.items()}
    )
    assert base_novel.evaluate(nothing).metrics["AP_harmonic"] == 0


def test_equal_halves_are_their_mean(make_scored: MakeScored) -> None:
    columns = columns_of(replace(make_scored(0, crowd=0.0), novel=(0,)))
    boxes = columns.ground_truth
    perfect = replace(columns, detections=replace(boxes, score=np.ones(len(boxes))))
    assert base_novel.evaluate(perfect).metrics["AP_harmonic"] == pytest.approx(1)


def test_it_is_a_plugin() -> None:
    evaluator = plugins.load("evaluator", "base-novel")
    assert (evaluator.name, evaluator.version, evaluator.engines) == ("base_novel", 1, ("fast", "reference"))


def test_parts_keep_what_is_novel(make_scored: MakeScored) -> None:
    columns = columns_of(replace(make_scored(0, classes=6), novel=(1, 4)))
    assert columns.of_images(columns.image_ids > 5).novel == (1, 4)
    assert columns.of_classes(1, 4).novel == (0,)
