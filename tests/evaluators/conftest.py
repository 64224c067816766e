"""Seeded sets of jittered ground truth and false positives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmark.core.detections import Annotations, Detections
from benchmark.core.evaluation import ScoredSet
from benchmark.core.sample import Sample

MakeScored = Callable[..., ScoredSet]


def make(
    seed: int = 0,
    *,
    images: int = 20,
    classes: int = 4,
    boxes_per_image: int = 4,
    detections_per_image: int = 12,
    crowd: float = 0.1,
    score_decimals: int | None = None,
    empty: float = 0.2,
    images_per_group: int = 1,
    quality: float = 0.6,
    jitter_px: float = 4.0,
) -> ScoredSet:
    """A set of 200 x 160 px images whose boxes span COCO's three size bands; at most `detections_per_image` each."""
    rng = np.random.default_rng(seed)
    samples, detections = [], {}
    for image_id in rng.permutation(np.arange(1, images + 1)).tolist():
        count = 0 if rng.random() < empty else int(rng.integers(1, boxes_per_image + 1))
        corner, size = rng.uniform(0, 100, (count, 2)), rng.uniform(4, 120, (count, 2))
        boxes, labels = np.hstack([corner, corner + size]), rng.integers(0, classes, count)
        area = size.prod(axis=1) * rng.uniform(0.4, 1, count)
        annotations = Annotations(boxes, labels, rng.random(count) < crowd, area)
        samples.append(
            Sample(image_id, Path(f"{image_id}.png"), 200, 160, annotations, f"scene{image_id % 3}",
                   f"part{image_id // images_per_group}", "made")
        )  # fmt: skip
        number = 0 if rng.random() < empty else int(rng.integers(1, detections_per_image + 1))
        xyxy = np.sort(rng.uniform(0, 200, (number, 2, 2)), axis=1).reshape(number, 4)
        label = rng.integers(0, classes, number)
        if count:
            source = rng.integers(0, count, number)
            near = rng.random(number) < quality
            jittered = boxes[source] + rng.normal(0, jitter_px, (number, 4))
            jittered[:, 2:] = np.maximum(jittered[:, 2:], jittered[:, :2])
            xyxy[near], label[near] = jittered[near], labels[source][near]
        scores = rng.uniform(0, 1, number)
        if score_decimals is not None:
            scores = scores.round(score_decimals)
        detections[image_id] = Detections(xyxy.astype(np.float32), scores.astype(np.float32), label.astype(np.int64))
    return ScoredSet(tuple(f"class {k}" for k in range(classes)), samples, detections)


@pytest.fixture(scope="session")
def make_scored() -> MakeScored:
    """The factory above."""
    return make
