"""Stored comparisons for hand-made records: verdicts by the difference of the means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations, groupby

from benchmark.core.comparison import (
    BOTH,
    Board,
    ComparedCell,
    Comparison,
    Floor,
    Outcome,
    Pair,
    Verdict,
    board_of,
    evidence_digest,
)
from benchmark.core.record import RunRecord
from benchmark.records.comparisons import Comparisons
from benchmark.records.seeds import SeedGroup, seed_groups


def comparisons_of(records: Iterable[RunRecord], least: float = 0.02, floor: Floor = Floor.LEARNT) -> Comparisons:
    """One comparison per board: a cell is above another where its mean AP is more than `least` higher, else tied."""
    cells = sorted((cell for cell in seed_groups(records) if cell.good), key=lambda cell: board_of(cell.spec))
    boards = {board: list(group) for board, group in groupby(cells, key=lambda cell: board_of(cell.spec))}
    return Comparisons({board: _comparison(board, group, least, floor) for board, group in boards.items()})


def _comparison(board: Board, cells: Sequence[SeedGroup], least: float, floor: Floor) -> Comparison:
    means = {cell.first.run_id: cell.mean("AP") or 0.0 for cell in cells}
    return Comparison(
        board,
        "AP",
        images=10,
        groups=10,
        resamples=1000,
        training_sd=0.01,
        training_dof=5,
        floor=floor,
        cells=tuple(_cell(cell, means[cell.first.run_id]) for cell in cells),
        pairs=tuple(Pair(a, b, "methods", _verdict(means[a] - means[b], least)) for a, b in combinations(means, 2)),
        evidence={record.run_id: evidence_digest(record) for cell in cells for record in cell.good},
    )


def _cell(cell: SeedGroup, mean: float) -> ComparedCell:
    return ComparedCell(tuple(record.run_id for record in cell.good), mean, (mean - 0.03, mean + 0.03), BOTH)


def _verdict(difference: float, least: float) -> Verdict:
    outcome = Outcome.TIE if abs(difference) <= least else Outcome.ABOVE if difference > 0 else Outcome.BELOW
    return Verdict(difference, 0.01, 0.01, 5.0, None, None, None, None, paired=False, outcome=outcome)
