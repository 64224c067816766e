"""Ranks of stored comparisons: 1 + number of shown cells above, ties named, none where nothing was judged or learnt."""

from __future__ import annotations

from dataclasses import replace

from benchmark.core.comparison import Board, ComparedCell, Comparison, Floor, Outcome, Pair, Place, Verdict

ABOVE, BELOW, TIE, NOT_JUDGED = Outcome


def verdict(outcome: Outcome) -> Verdict:
    return Verdict(0.1, 0.01, None, None, None, None, None, None, paired=False, outcome=outcome)


def comparison(cells: str, **outcomes: Outcome) -> Comparison:
    """Cells by one letter each; outcomes: `ab=ABOVE`."""
    return Comparison(
        Board("zeroshot", "mmio-open", "quick", "0"),
        "AP",
        images=10,
        groups=10,
        resamples=1000,
        training_sd=None,
        training_dof=0,
        floor=Floor.LEARNT,
        cells=tuple(ComparedCell((name,), 0.5, None, "images") for name in cells),
        pairs=tuple(Pair(pair[0], pair[1], "methods", verdict(outcome)) for pair, outcome in outcomes.items()),
    )


def test_rank_counts_the_cells_above_and_names_the_tied() -> None:
    compared = comparison("abc", ab=TIE, ac=ABOVE, bc=TIE)
    assert compared.places("abc") == {"a": Place(1, ("b",)), "b": Place(1, ("a", "c")), "c": Place(2, ("b",))}


def test_below_is_the_other_way_round() -> None:
    assert [place.rank for place in comparison("ab", ab=BELOW).places("ab").values()] == [2, 1]


def test_only_shown_cells_count() -> None:
    compared = comparison("abc", ab=ABOVE, ac=ABOVE, bc=ABOVE)
    assert compared.places("bc") == {"b": Place(1, ()), "c": Place(2, ())}


def test_cells_that_were_not_judged_have_no_rank() -> None:
    compared = comparison("abc", ab=NOT_JUDGED, ac=NOT_JUDGED, bc=ABOVE)
    assert compared.places("abc") == {"a": Place(None, ()), "b": Place(1, ()), "c": Place(2, ())}


def test_nobody_is_ranked_where_nothing_was_learnt() -> None:
    compared = replace(comparison("ab", ab=ABOVE), floor=Floor.NOTHING_LEARNT)
    assert compared.places("ab") == {"a": Place(None, ()), "b": Place(None, ())}


def test_cells_that_it_does_not_hold_have_no_place() -> None:
    assert comparison("ab", ab=ABOVE).places(["a", "x"]) == {"a": Place(None, ())}


def test_a_remark_says_why_nobody_is_ranked_and_what_is_missing() -> None:
    assert comparison("abc", ab=ABOVE, ac=TIE).remark("abc") == ""
    assert replace(comparison("ab", ab=ABOVE), floor=Floor.NOTHING_LEARNT).remark("ab") == "nothing learnt"
    assert replace(comparison("ab", ab=ABOVE), floor=Floor.NO_CONTROL).remark("ab") == "no untrained control"
    unjudged = comparison("abc", ab=NOT_JUDGED, ac=NOT_JUDGED, bc=NOT_JUDGED)
    reasons = ("one training each", "one training of c", "one training each")
    pairs = tuple(
        replace(pair, verdict=replace(pair.verdict, reason=reason))
        for pair, reason in zip(unjudged.pairs, reasons, strict=True)
    )
    assert replace(unjudged, pairs=pairs).remark("abc") == "not judged: one training each"
    assert comparison("ab").remark("ab") == "not judged: no pair was compared"
    assert comparison("ab").remark("a") == ""
