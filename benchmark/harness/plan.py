"""What a list of jobs would do, before it is done: finished cells, fits found or to be trained, time and memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from benchmark.core.detector import DetectorConfig
from benchmark.core.errors import BenchError
from benchmark.core.paths import Home, Results
from benchmark.core.plugins import load_adapter
from benchmark.core.record import FitRecord, RunRecord
from benchmark.core.settings import make_config
from benchmark.core.spec import FitSpec, Job
from benchmark.harness.execute import finished
from benchmark.harness.fitting import find_fit
from benchmark.records.codec import decode_fit, decode_run


@dataclass(frozen=True)
class PlannedCell:
    """One job of a plan.

    fits: method and state (`found`, `train`) of each fit it needs, the one it starts from first.
    hours, memory_bytes: as the nearest finished work measured them; None where nothing was measured.
    """

    job: Job
    finished: bool
    fits: tuple[tuple[str, str, str], ...]
    hours: float | None
    memory_bytes: int | None


@dataclass(frozen=True)
class TrainedFit:
    """A finished fit, and its method's Config: made once, and only for a fit that is looked at."""

    record: FitRecord

    @cached_property
    def config(self) -> Any:
        """See make_config."""
        return _config(self.record.spec)


def plan(jobs: Sequence[Job], *, force: bool = False, refit: bool = False) -> list[PlannedCell]:
    """One planned cell a job; reads records only.

    force: finished cells are measured again. refit: also each cell's own fit, but not those it starts from, is trained
    again.
    """
    fits, runs = list(trained_fits()), list(_run_records())
    return [_planned(job, fits, runs, force=force or refit, refit=refit) for job in jobs]


def _planned(
    job: Job, fits: Sequence[TrainedFit], runs: Sequence[RunRecord], *, force: bool, refit: bool
) -> PlannedCell:
    chain = job.spec.fits
    there = [find_fit(spec) is not None and not (refit and spec is job.spec.fit) for spec in chain]
    # What a finished fit started from is not trained again.
    first = max((i for i, found in enumerate(there) if found), default=0)
    hours: float | None = 0.0
    states = []
    for spec, found in zip(chain[first:], there[first:], strict=True):
        states.append((spec.method, spec.fit_id, "found" if found else "train"))
        if not found:
            known = measured_hours(spec, fits)
            hours = None if hours is None or known is None else hours + known
    done = not force and finished(job.spec) is not None
    return PlannedCell(job, done, tuple(states), 0.0 if done else hours, _measured_memory(job, runs))


def measured_hours(spec: FitSpec, fits: Sequence[TrainedFit]) -> float | None:
    """Hours of the latest fit of that method, scaled by image-epochs; sides and variants must agree."""
    near = [fit for fit in fits if fit.record.spec.method == spec.method]
    if near:
        wanted = _config(spec)
        size = (wanted.variant, wanted.image_side_px)
        near = [fit for fit in near if (fit.config.variant, fit.config.image_side_px) == size]
    if not near:
        return None
    latest = max(near, key=lambda fit: fit.record.provenance.utc)
    images = latest.record.facts.get("train_images")
    work = _image_epochs(latest.config, images)
    return latest.record.train_hours * _image_epochs(wanted, images) / work if work else None


def _image_epochs(config: DetectorConfig, images: int | None) -> float:
    """Images that a fit with these settings goes through, counted once per epoch."""
    return float(config.epochs) * float(config.train_images or images or 1)


def _config(spec: FitSpec) -> DetectorConfig:
    config: DetectorConfig = make_config(load_adapter(spec.method).Config, spec.params, spec.method)
    return config


def _measured_memory(job: Job, runs: Sequence[RunRecord]) -> int | None:
    near = [r for r in runs if r.spec.method == job.spec.method and r.spec.params == job.spec.params]
    known = [r.cost.peak_memory_bytes for r in near if r.cost.peak_memory_bytes]
    return max(known) if known else None


def trained_fits() -> Iterator[TrainedFit]:
    """Finished fits of this machine, and those that ship with the results."""
    home, results = Home.find().root / "fits", Results.find()
    for path in (*sorted(home.glob("*/fit.json")), *results.files(results.checkpoints, "*.json")):
        yield TrainedFit(decode_fit(path.read_text(encoding="utf-8")))


def _run_records() -> Iterator[RunRecord]:
    for path in sorted(Home.find().runs.glob("*/record.json")):
        try:
            yield decode_run(path.read_text(encoding="utf-8"))
        except BenchError:
            continue  # `bench collect` is where a bad record is reported
