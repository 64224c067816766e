"""Each case that an engine takes without a word is refused, with the id and the fix."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from benchmark.core.detections import Annotations, Detections
from benchmark.core.errors import EvaluationError
from benchmark.core.evaluation import ScoredSet
from benchmark.evaluators import coco_ap
from benchmark.evaluators.scoring.columns import columns_of
from benchmark.evaluators.scoring.engine import ENGINES, coco_curves

MakeScored = Callable[..., ScoredSet]


@pytest.fixture
def scored(make_scored: MakeScored) -> ScoredSet:
    return make_scored(0, empty=0.0)


def _detections(scored: ScoredSet, image_id: int, detections: Detections) -> ScoredSet:
    return dataclasses.replace(scored, detections={**scored.detections, image_id: detections})


def _annotations(scored: ScoredSet, ground_truth: Annotations) -> ScoredSet:
    first, *rest = scored.samples
    return dataclasses.replace(scored, samples=[dataclasses.replace(first, annotations=ground_truth), *rest])


def test_set_without_images_is_refused() -> None:
    with pytest.raises(EvaluationError, match="no images to score"):
        columns_of(ScoredSet(("a",), [], {}))


def test_image_ids_are_checked(scored: ScoredSet) -> None:
    first, *rest = scored.samples
    with pytest.raises(EvaluationError, match="image 0: image ids start at 1"):
        columns_of(dataclasses.replace(scored, samples=[dataclasses.replace(first, image_id=0), *rest]))
    with pytest.raises(EvaluationError, match=f"image {first.image_id} is listed twice"):
        columns_of(dataclasses.replace(scored, samples=[first, first, *rest]))


def test_detections_belong_to_the_images(scored: ScoredSet) -> None:
    with pytest.raises(EvaluationError, match="detections of image 999"):
        columns_of(_detections(scored, 999, Detections.empty()))
    fewer = {i: detections for i, detections in scored.detections.items() if i != 5}
    with pytest.raises(EvaluationError, match=r"image 5 has no entry in the detections \(1 such images\)"):
        columns_of(dataclasses.replace(scored, detections=fewer))


def test_detection_values_are_checked(scored: ScoredSet) -> None:
    def detections(label: int) -> Detections:
        return Detections(np.array([[1, 2, 3, 4]], np.float32), np.ones(1, np.float32), np.array([label]))

    with pytest.raises(EvaluationError, match=r"image 5, detection 0 .* label outside 0..3"):
        columns_of(_detections(scored, 5, detections(4)))
    for field in ("xyxy", "scores"):
        late = detections(0)
        getattr(late, field)[...] = np.nan
        with pytest.raises(EvaluationError, match=r"image 5, detection 0 .* is not finite"):
            columns_of(_detections(scored, 5, late))


def test_annotation_values_are_checked(scored: ScoredSet) -> None:
    image_id = scored.samples[0].image_id
    good, no_crowd, box = np.zeros(1, np.int64), np.zeros(1, np.bool_), np.array([[1.0, 2, 3, 4]])
    cases = {
        "is not finite": [
            Annotations(np.array([[1.0, np.nan, 3, 4]]), good, no_crowd, np.ones(1)),
            Annotations(box, good, no_crowd, np.array([np.inf])),
        ],
        "has x2 < x1": [
            Annotations(np.array(corners), good, no_crowd, np.ones(1))
            for corners in ([[5.0, 2, 3, 4]], [[1.0, 5, 3, 4]])
        ],
        "label outside 0..3": [Annotations.from_boxes(box, good + 4), Annotations.from_boxes(box, good - 1)],
        "negative area": [Annotations(box, good, no_crowd, np.array([-0.5]))],
    }
    for message, bad in cases.items():
        for ground_truth in bad:
            with pytest.raises(EvaluationError, match=f"image {image_id}, annotation 0 .*{message}"):
                columns_of(_annotations(scored, ground_truth))
    for corners in ([[1.0, 2, 1, 2]], [[-1.0, -2, 3, 4]]):  # empty, and over the edge
        right = Annotations(np.array(corners), good, no_crowd, np.zeros(1))
        assert len(columns_of(_annotations(scored, right)).ground_truth)


def test_lists_of_lvis_name_labels_of_the_vocabulary(scored: ScoredSet) -> None:
    scored = dataclasses.replace(scored, frequency=("r", "c", "f", "f"))
    last = max(scored.detections)
    for key in ("negative", "not_exhaustive"):
        right: dict[str, Any] = {key: dict.fromkeys(scored.detections, (0, 3))}
        assert columns_of(dataclasses.replace(scored, **right)).federation is not None
        for label in (-1, 4):
            wrong: dict[str, Any] = {key: {1: (0, 3), last: (label,)}}
            with pytest.raises(EvaluationError, match=rf"image {last}: LVIS lists name label {label}, outside 0\.\.3"):
                columns_of(dataclasses.replace(scored, **wrong))


def test_why_an_evaluator_validates_first(scored: ScoredSet) -> None:
    """A NaN box changes the number in silence in both engines; the evaluator refuses it."""
    columns = columns_of(scored)
    right = coco_curves(columns, "reference").precision
    rows = columns.detections.xywh.copy()
    rows[:, 0] = np.nan
    unchecked = dataclasses.replace(columns, detections=dataclasses.replace(columns.detections, xywh=rows))
    for engine in ENGINES:
        assert not np.array_equal(coco_curves(unchecked, engine).precision, right)
    bad = Detections(np.ones((1, 4), np.float32), np.ones(1, np.float32), np.zeros(1, np.int64))
    bad.xyxy[0, 0] = np.nan
    with pytest.raises(EvaluationError, match="not finite"):
        coco_ap.evaluate(_detections(scored, scored.samples[0].image_id, bad))
