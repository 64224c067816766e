"""AP by COCO's rules: equal to the reference engine to the last bit, silent, and None where nothing is measured."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.core import plugins
from benchmark.core.detections import Annotations, Detections
from benchmark.core.errors import UnknownNameError
from benchmark.core.evaluation import ScoredSet
from benchmark.core.sample import Sample
from benchmark.evaluators import coco_ap
from benchmark.evaluators.coco_files.to_coco import detection_array, ground_truth_dict
from benchmark.evaluators.scoring.columns import columns_of
from benchmark.evaluators.scoring.engine import ENGINES, coco_curves

MakeScored = Callable[..., ScoredSet]

HARD: dict[str, dict[str, Any]] = {
    "plain": {},
    "ties": {"score_decimals": 1},
    "all scores equal": {"score_decimals": 0},
    "half crowd": {"crowd": 0.5},
    "only crowd": {"crowd": 1.0},
    "mostly empty images": {"empty": 0.8},
    "more than 100 detections per image and class": {
        "detections_per_image": 400,
        "classes": 1,
        "images": 6,
        "score_decimals": 2,
    },
    "classes absent": {"classes": 40, "images": 8},
    "one image": {"images": 1, "empty": 0.0},
    "no ground truth": {"boxes_per_image": 1, "empty": 1.0},
    "dense ground truth": {"boxes_per_image": 40, "detections_per_image": 120, "images": 6, "classes": 2},
}


def assert_bit_equal(scored: ScoredSet) -> None:
    fast, reference = (coco_curves(columns_of(scored), engine) for engine in ENGINES)
    assert fast.precision.tobytes() == reference.precision.tobytes()
    assert fast.recall.tobytes() == reference.recall.tobytes()


@pytest.mark.parametrize("case", HARD, ids=list(HARD))
def test_precision_is_bit_equal_to_the_reference(make_scored: MakeScored, case: str) -> None:
    for seed in range(3):
        scored = make_scored(seed, **HARD[case])
        assert_bit_equal(scored)
        assert coco_ap.evaluate(scored) == coco_ap.evaluate(scored, engine="reference")


def test_hard_cases_are_hard(make_scored: MakeScored) -> None:
    crowded = make_scored(0, **HARD["more than 100 detections per image and class"])
    assert max(len(own) for own in crowded.detections.values()) > 100
    absent = make_scored(0, **HARD["classes absent"])
    assert len({k for s in absent.samples for k in s.annotations.labels.tolist()}) < len(absent.names)
    ties = make_scored(0, **HARD["ties"])
    scores = np.concatenate([own.scores for own in ties.detections.values()])
    assert len(np.unique(scores)) < len(scores) / 5


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    images=st.integers(1, 12),
    classes=st.integers(1, 6),
    boxes_per_image=st.integers(1, 8),
    detections_per_image=st.integers(1, 130),
    crowd=st.sampled_from([0.0, 0.1, 0.5]),
    score_decimals=st.sampled_from([None, 0, 1, 2]),
    empty=st.sampled_from([0.0, 0.3, 0.9]),
)
def test_generated_sets_are_bit_equal(make_scored: MakeScored, seed: int, **shape: object) -> None:
    assert_bit_equal(make_scored(seed, **shape))


def test_edges_of_the_size_bands_and_empty_boxes_are_bit_equal() -> None:
    sides = np.array([0.0, 32.0, 96.0, 31.99, 96.01])
    boxes = np.column_stack([np.zeros((5, 2)), sides, sides])
    ground_truth = Annotations.from_boxes(boxes, np.zeros(5, np.int64))
    sample = Sample(7, Path("nowhere.png"), 200, 200, ground_truth, "steel", "7", "made")
    detections = Detections(boxes.astype(np.float32), np.full(5, 0.5, np.float32), np.zeros(5, np.int64))
    assert_bit_equal(ScoredSet(("dent",), [sample], {7: detections}))


def test_perfect_and_absent_detections() -> None:
    scored = _one_image([[10, 10, 60, 60], [80, 80, 90, 90]], [0, 0])
    metrics = coco_ap.evaluate(scored).metrics
    assert metrics["AP"] == pytest.approx(1)
    assert metrics["APs"] == metrics["APm"] == pytest.approx(1)
    assert metrics["APl"] is None
    assert (metrics["AR1"], metrics["AR10"], metrics["AR100"]) == (0.5, 1, 1)

    nothing = dataclasses.replace(scored, detections={1: Detections.empty()})
    for engine in ENGINES:
        scores = coco_ap.evaluate(nothing, engine=engine)
        assert scores.metrics["AP"] == scores.metrics["AP50"] == scores.metrics["AR100"] == 0
        assert scores.per_class["dent"] == {"AP": 0, "AP50": 0, "boxes": 2, "images": 1}


def test_nothing_to_measure_is_none() -> None:
    scores = coco_ap.evaluate(_one_image([], []))
    assert set(scores.metrics) == {"AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100"}
    assert all(value is None for value in scores.metrics.values())
    assert scores.per_class["scratch"] == {"AP": None, "AP50": None, "boxes": 0, "images": 0}
    assert scores.per_scene["steel"] == {"AP": None, "AP50": None, "images": 1, "boxes": 0}


def test_metrics_are_the_reference_summary(make_scored: MakeScored) -> None:
    import contextlib
    import io

    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    scored = make_scored(1, images=40, boxes_per_image=8, detections_per_image=200)  # more than 10 of a class per image
    with contextlib.redirect_stdout(io.StringIO()):
        ground_truth = COCO()
        ground_truth.dataset = ground_truth_dict(columns_of(scored))
        ground_truth.createIndex()
        summary = COCOeval(ground_truth, ground_truth.loadRes(detection_array(columns_of(scored))), "bbox")
        summary.evaluate()
        summary.accumulate()
        summary.summarize()
    names = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100")
    assert [coco_ap.evaluate(scored).metrics[name] for name in names] == pytest.approx(summary.stats[:9], abs=1e-15)


def test_per_class_and_per_scene_agree_with_separate_evaluations(make_scored: MakeScored) -> None:
    scored = make_scored(5, images=45, classes=5, crowd=0.3)
    scores = coco_ap.evaluate(scored)
    assert set(scores.per_scene) == {"scene0", "scene1", "scene2"}
    for scene, values in scores.per_scene.items():
        samples = [s for s in scored.samples if s.scene == scene]
        part = ScoredSet(scored.names, samples, {s.image_id: scored.detections[s.image_id] for s in samples})
        alone = coco_ap.evaluate(part, engine="reference").metrics
        assert (values["AP"], values["AP50"]) == (alone["AP"], alone["AP50"])
        assert values["images"] == len(samples)
        assert values["boxes"] == sum(int((~s.annotations.iscrowd).sum()) for s in samples)
    real = [s.annotations.labels[~s.annotations.iscrowd] for s in scored.samples]
    for k, name in enumerate(scored.names):
        assert scores.per_class[name]["boxes"] == sum(int((labels == k).sum()) for labels in real)
        assert scores.per_class[name]["images"] == sum(bool((labels == k).any()) for labels in real)
    of_classes = [values["AP"] for values in scores.per_class.values() if values["AP"] is not None]
    assert scores.metrics["AP"] == pytest.approx(np.mean(of_classes))


def test_order_of_samples_does_not_matter(make_scored: MakeScored) -> None:
    scored = make_scored(8, score_decimals=1)
    turned = dataclasses.replace(scored, samples=list(reversed(scored.samples)))
    assert coco_ap.evaluate(turned) == coco_ap.evaluate(scored)


@pytest.mark.parametrize("engine", ENGINES)
def test_engines_are_silent(make_scored: MakeScored, capfd: pytest.CaptureFixture[str], engine: str) -> None:
    coco_ap.evaluate(make_scored(1), engine=engine)
    coco_ap.evaluate(_one_image([], []), engine=engine)
    assert capfd.readouterr() == ("", "")


def test_unknown_engine_is_refused(make_scored: MakeScored) -> None:
    with pytest.raises(UnknownNameError, match="unknown engine 'hotcoco': valid: fast, reference"):
        coco_ap.evaluate(make_scored(1), engine="hotcoco")


def test_it_is_a_plugin() -> None:
    evaluator = plugins.load("evaluator", "coco-ap")
    assert (evaluator.name, evaluator.version, evaluator.engines) == ("coco_ap", 1, ENGINES)


def _one_image(boxes: list[list[float]], labels: list[int]) -> ScoredSet:
    xyxy = np.array(boxes, np.float64).reshape(-1, 4)
    ground_truth = Annotations.from_boxes(xyxy, np.array(labels, np.int64))
    sample = Sample(1, Path("nowhere.png"), 200, 200, ground_truth, "steel", "1", "made")
    detections = Detections(xyxy.astype(np.float32), np.full(len(xyxy), 0.9, np.float32), ground_truth.labels)
    return ScoredSet(("dent", "scratch"), [sample], {1: detections})
