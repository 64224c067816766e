"""How much another training of a cell would change its AP, from the seeds of all cells like it."""

from __future__ import annotations

from collections.abc import Iterable

from benchmark.core.canonical import digest
from benchmark.core.comparison import Board, board_of
from benchmark.core.errors import UnknownNameError
from benchmark.core.method import MethodInfo, WeightsOrigin
from benchmark.core.plugins import load
from benchmark.core.record import RunRecord
from benchmark.core.spec import RunSpec
from benchmark.evaluators.statistics.verdict import TrainingNoise, training_noises
from benchmark.records.seeds import SeedGroup, seed_groups


def alike(spec: RunSpec) -> tuple[Board, str]:
    """What cells must share for the variance over seeds to be pooled: task, data, profile and rules; and the library.

    The library of a method that is not installed here is its name.
    """
    try:
        info: MethodInfo = load("method", spec.method)
    except UnknownNameError:
        return board_of(spec), spec.method
    return board_of(spec), info.library


def noises_of(cells: Iterable[SeedGroup], metric: str = "AP") -> dict[str, TrainingNoise]:
    """`cell_key` of every cell -> its noise of training, pooled over those of the given cells that are like it.

    Only cells that were trained here count: released and random weights have no noise of training here, and take that
    of the trained cells, which is an upper bound.
    """
    groups: dict[tuple[Board, str], list[SeedGroup]] = {}
    for cell in cells:
        groups.setdefault(alike(cell.spec), []).append(cell)
    noises: dict[str, TrainingNoise] = {}
    for group in groups.values():
        trained = [cell for cell in group if cell.spec.weights is WeightsOrigin.TRAINED_HERE]
        pooled = training_noises([_values(cell, metric) for cell in trained])
        upper = pooled[0] if pooled else TrainingNoise(0.0, 0)
        noises |= {cell.spec.cell_key: upper for cell in group}
        noises |= {cell.spec.cell_key: noise for cell, noise in zip(trained, pooled, strict=True)}
    return noises


def shared_training(spec: RunSpec) -> str | None:
    """What trainings share with those of equal seed of other cells, for `Trainings.shared`; None for nothing.

    The same fit under two wordings shares everything; fits of one method on the same images from the same start share
    the start and the order of images, whatever their settings.
    """
    if spec.fit is None:
        return None
    fit = spec.fit
    start = fit.start.fit_id if fit.start else fit.weights_sha256
    if start is None:
        return digest(spec.seedless.fit)
    return digest([fit.method, fit.method_version, fit.dataset_digest, fit.split_digest, start])


def cells_like(records: Iterable[RunRecord], *specs: RunSpec) -> list[SeedGroup]:
    """The good cells among the records that are like one of the specs."""
    wanted = {alike(spec) for spec in specs}
    return [cell for cell in seed_groups(records) if cell.good and alike(cell.spec) in wanted]


def _values(cell: SeedGroup, metric: str) -> list[float]:
    return [value for record in cell.good if (value := record.metrics.get(metric)) is not None]
