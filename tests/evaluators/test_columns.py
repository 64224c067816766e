"""Columns against plain loops over the samples, and a part of the columns against the columns of that part."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from benchmark.core.detections import Detections
from benchmark.core.errors import EvaluationError
from benchmark.core.evaluation import ScoredSet
from benchmark.evaluators.scoring.columns import columns_of

MakeScored = Callable[..., ScoredSet]
CLASSES = 6


@pytest.fixture(params=range(3))
def scored(make_scored: MakeScored, request: pytest.FixtureRequest) -> ScoredSet:
    """12 images of 6 classes with everything that a set may carry; the ids are not in order."""
    scored, rng = make_scored(request.param, classes=CLASSES, images=12), np.random.default_rng(request.param)
    negative, partly = (
        {sample.image_id: np.flatnonzero(rng.random(CLASSES) < 0.4).tolist() for sample in scored.samples[:-1]}
        for _ in range(2)
    )
    return dataclasses.replace(
        scored,
        super_categories={"scene0": "metal"},
        frequency=("r", "c", "f", "r", "c", "f"),
        negative=negative,
        not_exhaustive=partly,
        novel=(1, 2, 4),
    )


def plain(value: Any) -> Any:
    """Columns as plain values, to compare them whole."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return value.tolist() if isinstance(value, np.ndarray) else value


def test_each_box_is_one_row(scored: ScoredSet) -> None:
    columns = columns_of(scored)
    boxes, detections, pairs = [], [], []
    for i, sample in enumerate(sorted(scored.samples, key=lambda sample: sample.image_id)):
        own, answer = sample.annotations, scored.detections[sample.image_id]
        for k, (x1, y1, x2, y2), crowd, area in zip(own.labels, own.xyxy, own.iscrowd, own.area_px, strict=True):
            boxes.append((i, k, [x1, y1, x2 - x1, y2 - y1], 0.0, crowd, area))
        for k, (x1, y1, x2, y2), score in zip(answer.labels, answer.xyxy.astype(float), answer.scores, strict=True):
            detections.append((i, k, [x1, y1, x2 - x1, y2 - y1], score, False, (x2 - x1) * (y2 - y1)))
        pairs += [[i, label] for label in scored.negative.get(sample.image_id, ())]
    for rows, made in ((boxes, columns.ground_truth), (detections, columns.detections)):
        assert plain(made) == dict(zip(plain(made), map(list, zip(*rows, strict=True)), strict=True))
    assert columns.federation is not None
    assert columns.federation.negative.tolist() == pairs
    assert (columns.super_categories, columns.novel) == (scored.super_categories, scored.novel)
    assert columns_of(dataclasses.replace(scored, frequency=())).federation is None


def test_a_part_of_the_images_is_the_set_of_those_images(scored: ScoredSet) -> None:
    ids = np.array(sorted(scored.detections))
    for keep in (ids % 3 == 1, ids > 7, ids < 4):
        samples = [sample for sample in scored.samples if sample.image_id in ids[keep]]
        alone = dataclasses.replace(
            scored, samples=samples, detections={s.image_id: scored.detections[s.image_id] for s in samples}
        )
        assert plain(columns_of(scored).of_images(keep)) == plain(columns_of(alone))


@pytest.mark.parametrize(("first", "last"), [(0, 6), (0, 2), (1, 6), (2, 5), (5, 6)])
def test_a_part_of_the_classes_is_the_set_of_those_classes(scored: ScoredSet, first: int, last: int) -> None:
    def inside(labels: Sequence[int]) -> list[int]:
        return [label - first for label in labels if first <= label < last]

    def without_others(answer: Detections) -> Detections:
        own = (answer.labels >= first) & (answer.labels < last)
        return Detections(answer.xyxy[own], answer.scores[own], answer.labels[own] - first)

    samples = []
    for sample in scored.samples:
        labels = sample.annotations.labels
        own = sample.annotations.select((labels >= first) & (labels < last))
        samples.append(
            dataclasses.replace(sample, annotations=dataclasses.replace(own, labels=np.array(own.labels - first)))
        )
    alone = dataclasses.replace(
        scored,
        names=scored.names[first:last],
        samples=samples,
        detections={i: without_others(answer) for i, answer in scored.detections.items()},
        frequency=scored.frequency[first:last],
        negative={i: inside(labels) for i, labels in scored.negative.items()},
        not_exhaustive={i: inside(labels) for i, labels in scored.not_exhaustive.items()},
        novel=tuple(inside(scored.novel)),
    )
    assert plain(columns_of(scored).of_classes(first, last)) == plain(columns_of(alone))
    common = dataclasses.replace(scored, frequency=())
    assert columns_of(common).of_classes(first, last).federation is None


@pytest.mark.parametrize("frequency", [("r", "c", "f"), ("r", "c", "f", "r", "c", "x")])
def test_frequencies_are_one_letter_per_name(scored: ScoredSet, frequency: tuple[str, ...]) -> None:
    with pytest.raises(EvaluationError, match=f"{len(frequency)} frequencies for 6 names; each name needs"):
        columns_of(dataclasses.replace(scored, frequency=frequency))


def test_rows_are_taken_by_position_or_by_mask(scored: ScoredSet) -> None:
    boxes = columns_of(scored).detections
    mask = boxes.score > 0.5
    assert plain(boxes.take(mask)) == plain(boxes.take(np.flatnonzero(mask)))
    assert boxes.take(np.array([3, 0])).score.tolist() == [boxes.score[3], boxes.score[0]]
