"""Names after --novel are cut at commas, and class names may hold commas."""

from __future__ import annotations

import pytest

from benchmark.core.errors import UnknownNameError
from benchmark.datasets.any_coco import join_names

NAMES = ["hole, fabric", "hole", "dead knot, wood", "a,b, c"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hole", ["hole"]),
        ("hole, fabric", ["hole, fabric"]),
        ("dead knot,wood,hole,fabric", ["dead knot, wood", "hole, fabric"]),
        ("hole,a, b,c", ["hole", "a,b, c"]),
        ("HOLE,Dead Knot, wood", ["hole", "dead knot, wood"]),
        ("", []),
    ],
)
def test_the_longest_run_that_is_a_name_wins(text: str, expected: list[str]) -> None:
    assert join_names([part for part in text.split(",") if part.strip()], NAMES) == expected


def test_whole_names_are_taken_too() -> None:
    assert join_names(["dead knot, wood", "hole"], NAMES) == ["dead knot, wood", "hole"]


def test_case_counts_only_where_it_tells_two_names_apart() -> None:
    names = ["crack", "Crack", "hole"]
    assert join_names(["Crack", "Hole", "crack"], names) == ["Crack", "hole", "crack"]
    with pytest.raises(UnknownNameError, match="unknown class 'CRACK'"):
        join_names(["CRACK"], names)


def test_an_unknown_name_says_what_is_near() -> None:
    with pytest.raises(UnknownNameError, match="unknown class 'fabric'"):
        join_names(["hole", "fabric", "fabric"], NAMES)
