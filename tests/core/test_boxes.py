"""Box geometry against values worked out by hand."""

from __future__ import annotations

import numpy as np

from benchmark.core import boxes


def test_conversions_are_inverse() -> None:
    xyxy = np.array([[1.0, 2, 4, 8]])
    assert boxes.xyxy_to_xywh(xyxy).tolist() == [[1, 2, 3, 6]]
    assert boxes.xywh_to_xyxy(boxes.xyxy_to_xywh(xyxy)).tolist() == xyxy.tolist()


def test_an_inverted_box_has_no_area() -> None:
    xyxy = np.array([[-2.0, 1, 4, 3], [5, 5, 4, 9]])
    assert boxes.area_px(xyxy).tolist() == [12, 0]


def test_iou_by_hand() -> None:
    a = np.array([[0.0, 0, 2, 2], [0, 0, 0, 0]])
    b = np.array([[1.0, 1, 3, 3], [0, 0, 2, 2], [0, 0, 0, 0]])
    assert np.allclose(boxes.iou(a, b), np.array([[1 / 7, 1, 0], [0, 0, 0]]))
