"""Comparisons of the committed cells, board by board, from their stored evidence: what `bench collect` stores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import numpy as np

from benchmark.core.comparison import (
    BOTH,
    IMAGES,
    Board,
    ComparedCell,
    Comparison,
    Floor,
    Pair,
    board_of,
    evidence_digest,
)
from benchmark.core.errors import BenchError
from benchmark.core.method import WeightsOrigin
from benchmark.core.plugins import load
from benchmark.core.record import RunRecord
from benchmark.core.sample import Progress
from benchmark.core.spec import RunSpec
from benchmark.core.task import Task
from benchmark.core.vocabulary import CANONICAL
from benchmark.evaluators.statistics.bootstrap import AP_RANGE, DIFFERENCE_RANGE, bounds_of
from benchmark.evaluators.statistics.comparison import resample_cells
from benchmark.evaluators.statistics.verdict import Trainings, judge_all, mean_interval
from benchmark.harness.noise import noises_of, shared_training
from benchmark.harness.rescore import find_record, load_evidence
from benchmark.records.comparisons import Comparisons, is_current
from benchmark.records.seeds import SeedGroup, seed_groups

METRIC = "AP"
RESAMPLES = 1000
METHODS = "methods"
"""family of the pairs of plain cells; each method's cells with changed settings are a family with its plain cell"""


@dataclass(frozen=True)
class Compared:
    """made: new comparisons. present: boards whose stored comparison is current. missing: board -> why it has none."""

    made: tuple[Comparison, ...]
    present: tuple[Board, ...]
    missing: Mapping[Board, str]


def compare_boards(records: Iterable[RunRecord], stored: Comparisons, progress: Progress | None = None) -> Compared:
    """Compare the cells of every board with at least two of them, where the stored comparison is not current.

    A board is left out, with the reason, where the evidence or the data set of a run is not on this machine.
    """
    cells = sorted((cell for cell in seed_groups(records) if cell.good), key=lambda cell: board_of(cell.spec))
    made, present, missing = [], [], {}
    for board, group in groupby(cells, key=lambda cell: board_of(cell.spec)):
        on_board = sorted(group, key=lambda cell: cell.first.run_id)
        if len(on_board) < 2:
            continue
        old = stored.by_board.get(board)
        if old is not None and is_current(old, [record for cell in on_board for record in cell.good]):
            present.append(board)
            continue
        try:
            made.append(compare_cells(board, on_board, progress))
        except BenchError as error:
            missing[board] = str(error)
    return Compared(tuple(made), tuple(present), missing)


def compare_cells(board: Board, cells: Sequence[SeedGroup], progress: Progress | None = None) -> Comparison:
    """The comparison of one board's cells. Raises BenchError where the evidence of a run cannot be read here."""
    records = [record for cell in cells for record in cell.good]
    steps: Iterable[Any] = (
        progress(f"compare {board.task} {board.dataset}", records, len(records)) if progress else records
    )
    sets = {record.run_id: load_evidence(find_record(record.run_id)).test for record in steps}
    resampled = resample_cells(
        {cell.first.run_id: [sets[record.run_id] for record in cell.good] for cell in cells}, RESAMPLES
    )
    noises = noises_of(cells, METRIC)
    trainings = {
        cell.first.run_id: Trainings(
            name=cell.first.run_id,
            seeds=tuple(record.spec.seed for record in cell.good),
            values=resampled[cell.first.run_id].values[METRIC],
            noise=noises[cell.spec.cell_key],
            groups=resampled[cell.first.run_id].groups,
            shared=shared_training(cell.spec),
        )
        for cell in cells
    }
    pairs = [
        Pair(a, b, family, verdict)
        for family, members in _families(cells).items()
        for (a, b), verdict in judge_all([trainings[name] for name in members]).items()
    ]
    first, noise = resampled[cells[0].first.run_id], max(noises.values(), key=lambda noise: noise.dof)
    return Comparison(
        board=board,
        metric=METRIC,
        images=first.images,
        groups=first.groups,
        resamples=RESAMPLES,
        training_sd=float(np.sqrt(noise.variance)) if noise.dof else None,
        training_dof=int(noise.dof),
        floor=_floor(cells, trainings),
        cells=tuple(_compared(cell, trainings[cell.first.run_id]) for cell in cells),
        pairs=tuple(pairs),
        evidence={record.run_id: evidence_digest(record) for record in records},
    )


def _families(cells: Sequence[SeedGroup]) -> dict[str, list[str]]:
    """Family -> run ids of its cells' lowest seeds: the plain cells of all methods, and per method all its cells."""
    families: dict[str, list[str]] = {METHODS: [cell.first.run_id for cell in cells if is_plain(cell.spec)]}
    for cell in cells:
        families.setdefault(cell.spec.method, []).append(cell.first.run_id)
    return {family: members for family, members in families.items() if len(members) > 1}


def is_plain(spec: RunSpec) -> bool:
    """Whether a cell stands for its method: no changed setting, other wording than the task's, or other weights."""
    task: Task = load("task", spec.task)
    return not (replace(spec, wording=CANONICAL) if task.wording == spec.wording else spec).variations


def _floor(cells: Sequence[SeedGroup], trainings: Mapping[str, Trainings]) -> Floor:
    """Whether a plain cell's interval of its difference to the board's best untrained control lies above 0.

    Over images alone: the question is whether these trainings learnt anything, not what others would.
    """
    ap = {name: each.values.mean(axis=0) for name, each in trainings.items()}
    controls = [cell.first.run_id for cell in cells if cell.spec.weights is WeightsOrigin.RANDOM]
    if not controls:
        return Floor.NO_CONTROL
    best = max(controls, key=lambda name: float(ap[name][0]))
    for cell in cells:
        difference = ap[cell.first.run_id] - ap[best]
        low, _ = bounds_of(difference[1:], float(difference[0]), DIFFERENCE_RANGE)
        if is_plain(cell.spec) and low > 0:
            return Floor.LEARNT
    return Floor.NOTHING_LEARNT


def _compared(cell: SeedGroup, trainings: Trainings) -> ComparedCell:
    ap = trainings.values.mean(axis=0)
    both = mean_interval(trainings)
    over_images = None if trainings.groups < 2 else bounds_of(ap[1:], float(ap[0]), AP_RANGE)
    return ComparedCell(
        runs=tuple(record.run_id for record in cell.good),
        value=float(ap[0]),
        interval=both or over_images,
        basis=BOTH if both else IMAGES,
    )
