"""Means and counts of which a table is made, on cases worked by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmark.core.evaluation import ScoredSet
from benchmark.evaluators.scoring.columns import BoxColumns, columns_of
from benchmark.evaluators.scoring.values import counts_per_class, mean, per_part


def test_a_mean_leaves_out_what_cannot_be_measured() -> None:
    assert mean(np.array([[-1.0, 0.0], [-1.0, 1.0]])) == 0.5
    assert mean(np.zeros(3)) == 0
    assert mean(np.full(4, -1.0)) is None
    assert mean(np.zeros(0)) is None


def test_boxes_and_images_of_each_class() -> None:
    """Class 0 twice in image 0 and once in image 2, class 2 only as a crowd, class 3 not at all; class 1 in image 7."""
    image, label = np.array([0, 0, 2, 2, 7]), np.array([0, 0, 0, 2, 1])
    crowd = label == 2
    boxes = BoxColumns(image, label, np.ones((5, 4)), np.zeros(5), crowd, np.ones(5))
    counts, images = counts_per_class(boxes, 4)
    assert (counts.tolist(), images.tolist()) == ([3, 1, 0, 0], [2, 1, 0, 0])


def test_parts_are_their_images_alone(make_scored: Callable[..., ScoredSet]) -> None:
    columns = columns_of(make_scored(0, images=6))
    parts = per_part(columns, ["b", "", "a", "b", "", "b"], lambda part: {"images": len(part.image_ids)})
    assert list(parts.items()) == [("a", {"images": 1}), ("b", {"images": 3})]
