"""Run-length codes: counted from 1, down the columns; what leaves the image is refused."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.core.errors import DataError
from benchmark.datasets.readers.rle import read_rle
from tests.datasets.official_metal_layouts import rle


def test_runs_go_down_the_columns_and_count_from_1() -> None:
    mask = read_rle("1 2 6 1", (3, 4), "x")  # width 3, height 4
    expected = np.zeros((4, 3), bool)
    expected[0, 0] = expected[1, 0] = expected[1, 1] = True
    np.testing.assert_array_equal(mask, expected)


def test_a_run_may_go_on_into_the_next_column() -> None:
    np.testing.assert_array_equal(read_rle("4 2", (3, 4), "x").nonzero(), ([0, 3], [1, 0]))


def test_last_pixel_and_whole_image() -> None:
    assert read_rle("12 1", (3, 4), "x")[3, 2]
    assert read_rle("1 12", (3, 4), "x").all()
    assert not read_rle("  ", (3, 4), "x").any()


def test_order_and_overlap_do_not_matter() -> None:
    np.testing.assert_array_equal(read_rle("6 2 1 3 2 2", (3, 4), "x"), read_rle("1 3 6 2", (3, 4), "x"))


def test_agrees_with_drawn_boxes() -> None:
    expected = np.zeros((48, 64), bool)
    boxes = [(4, 5, 20, 15), (18, 10, 64, 48), (0, 0, 1, 1)]
    for x1, y1, x2, y2 in boxes:
        expected[y1:y2, x1:x2] = True
    np.testing.assert_array_equal(read_rle(rle(boxes), (64, 48), "x"), expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("12 2", "x: run 12 2 leaves the image; 3x4 px are pixels 1 to 12"),
        ("1 1 13 1", "run 13 1 leaves"),
        ("0 3", "run 0 3 leaves"),
        ("-2 9", "run -2 9 leaves"),
        ("3 0", "run 3 0 leaves"),
        ("1 2 3", "x: 3 numbers; expected pairs of start and length"),
        ("1 two", "'1 two' is not a run-length code; expected only whole numbers"),
        ("1 2.5", "'1 2.5' is not a run-length code"),
        ("9" * 30 + " 1", "is not a run-length code"),
        ("a" * 90, r"'a{40}\.\.\.' is not a run-length code"),
    ],
)
def test_bad_codes_are_refused(text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_rle(text, (3, 4), "x")
