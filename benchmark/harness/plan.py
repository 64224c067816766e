"""What a list of cells would do, before it is done: finished cells, fits found or to be trained, time and memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmark.core.detector import DetectorConfig
from benchmark.core.errors import BenchError
from benchmark.core.paths import Home, Results
from benchmark.core.record import FitRecord, RunRecord
from benchmark.core.spec import Job, RunSpec
from benchmark.harness.cell import Cell, FitCell
from benchmark.harness.execute import finished
from benchmark.harness.fitting import is_finished
from benchmark.harness.request import config_of
from benchmark.records.store import read_fit, read_run


@dataclass(frozen=True)
class PlannedCell:
    """One cell of a plan.

    fits: method, id and state (`found`, `train`) of each fit it needs, the one it starts from first.
    hours, memory_bytes: as the nearest finished work measured them; None where nothing was measured.
    """

    job: Job
    finished: bool
    fits: tuple[tuple[str, str, str], ...]
    hours: float | None
    memory_bytes: int | None


def plan(cells: Sequence[Cell], *, force: bool = False, refit: bool = False) -> list[PlannedCell]:
    """One planned cell per cell; reads records only.

    force: finished cells are measured again. refit: also each cell's own fit, but not those it starts from, is trained
    again.
    """
    fits, runs = list(trained_fits()), list(_run_records())
    return [_planned(cell, fits, runs, force=force or refit, refit=refit) for cell in cells]


def _planned(
    cell: Cell, fits: Sequence[FitRecord], runs: Sequence[RunRecord], *, force: bool, refit: bool
) -> PlannedCell:
    chain = cell.fits
    there = [is_finished(fit.spec) and not (refit and fit is cell.fit) for fit in chain]
    # What a finished fit started from is not trained again.
    first = max((i for i, found in enumerate(there) if found), default=0)
    hours: float | None = 0.0
    states = []
    for fit, found in zip(chain[first:], there[first:], strict=True):
        states.append((fit.spec.method, fit.spec.fit_id, "found" if found else "train"))
        if not found:
            known = measured_hours(fit, fits)
            hours = None if hours is None or known is None else hours + known
    done = not force and finished(cell.spec) is not None
    return PlannedCell(cell.job, done, tuple(states), 0.0 if done else hours, _measured_memory(cell.spec, runs))


def measured_hours(fit: FitCell, fits: Sequence[FitRecord]) -> float | None:
    """Hours of the latest fit of that method, scaled by image-epochs; sides and variants must agree."""
    wanted: DetectorConfig = fit.config
    same_method = ((each, config_of(each.spec)) for each in fits if each.spec.method == fit.spec.method)
    near = [(each, config) for each, config in same_method if _same_size(config, wanted)]
    if not near:
        return None
    latest, config = max(near, key=lambda pair: pair[0].provenance.utc)
    images = latest.facts.get("train_images")
    work = image_epochs(config, images)
    return latest.train_hours * image_epochs(wanted, images) / work if work else None


def image_epochs(config: DetectorConfig, images: int | None) -> float:
    """Images that a fit with these settings goes through, counted once per epoch."""
    return float(config.epochs) * float(config.train_images or images or 1)


def _same_size(one: DetectorConfig, other: DetectorConfig) -> bool:
    return (one.variant, one.image_side_px) == (other.variant, other.image_side_px)


def _measured_memory(spec: RunSpec, runs: Sequence[RunRecord]) -> int | None:
    near = [r for r in runs if r.spec.method == spec.method and r.spec.params == spec.params]
    known = [r.cost.peak_memory_bytes for r in near if r.cost.peak_memory_bytes]
    return max(known) if known else None


def trained_fits() -> Iterator[FitRecord]:
    """Finished fits of this machine, and those that ship with the results."""
    results = Results.find()
    for path in (*Home.find().fit_records(), *results.files(results.checkpoints, "*.json")):
        try:
            yield read_fit(path)
        except BenchError:
            continue  # it only helps to estimate hours; whoever needs that fit is told what is wrong with it


def _run_records() -> Iterator[RunRecord]:
    for path in Home.find().run_records():
        try:
            yield read_run(path)
        except BenchError:
            continue  # `bench collect` is where a bad record is reported
