"""Detections are checked where they are made."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmark.core.detections import Annotations, Detections
from benchmark.core.errors import EvaluationError


def _arrays(**changed: Any) -> dict[str, Any]:
    good = {
        "xyxy": np.array([[0, 0, 4, 4], [1, 1, 2, 3]], np.float32),
        "scores": np.array([0.2, 0.9], np.float32),
        "labels": np.array([0, 1], np.int64),
    }
    return {**good, **changed}


def test_legal_detections_are_accepted_and_sorted_by_best() -> None:
    found = Detections(**_arrays())
    assert len(found) == 2
    assert found.best(1).labels.tolist() == [1]
    assert len(Detections.empty()) == 0


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"scores": np.array([0.2], np.float32)}, "Detections.xyxy: got float32 (2, 4), expected float32 (1, 4)"),
        ({"xyxy": np.zeros((2, 4))}, "expected float32"),
        ({"labels": np.array([0, 1], np.int32)}, "Detections.labels: got int32"),
        ({"xyxy": np.array([[0, 0, 4, np.nan], [1, 1, 2, 3]], np.float32)}, "row 0 is not finite"),
        ({"xyxy": np.array([[0, 0, 4, 4], [3, 1, 2, 3]], np.float32)}, "row 1 has x2 < x1"),
        ({"scores": np.array([0.2, 1.5], np.float32)}, "row 1 is not within [0, 1]"),
        ({"scores": np.array([np.nan, 0.5], np.float32)}, "row 0 is not within [0, 1]"),
        ({"labels": np.array([0, -1], np.int64)}, "row 1 is negative"),
    ],
)
def test_illegal_detections_are_refused(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        Detections(**_arrays(**changed))
    assert words in str(caught.value)


def test_annotations_select_and_relabel() -> None:
    truth = Annotations.from_boxes(np.array([[0, 0, 2, 3], [1, 1, 5, 5]], float), np.array([3, 1]))
    assert truth.area_px.tolist() == [6, 16]
    mapping = np.array([-1, 0, -1, -1])
    kept = truth.relabel(mapping)
    assert kept.labels.tolist() == [0]
    assert kept.xyxy.tolist() == [[1, 1, 5, 5]]
    assert len(truth.select(np.array([True, False]))) == 1
