"""Cost of many cells before they are submitted, from the most similar finished work; unknown where there is none."""

from __future__ import annotations

import os
import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.core.canonical import canonical_json
from benchmark.core.errors import RecordError
from benchmark.core.paths import Home, Results
from benchmark.core.record import FitRecord, RunRecord
from benchmark.core.spec import RunSpec
from benchmark.harness.cell import Cell, FitCell
from benchmark.harness.plan import measured_hours, trained_fits
from benchmark.records.ends import read_end
from benchmark.records.store import read_run

_LOOK_AT = 100
"""of the newest records here; their throughputs are close enough"""


@dataclass(frozen=True)
class Forecast:
    """Sums over cells that are not finished, every shared fit counted once.

    train_hours, predict_hours: of one device as it was measured; fits and cells without a measurement are counted
    instead. devices: where that was. disk_bytes: None where nothing comparable lies here.
    """

    cells: int
    finished: int
    fits_found: int
    fits_to_train: int
    fits_unmeasured: int
    train_hours: float
    cells_unmeasured: int
    predict_hours: float
    devices: tuple[str, ...]
    disk_bytes: int | None


def forecast(cells: Sequence[Cell]) -> tuple[Forecast, set[str]]:
    """The sums, and the run ids of finished cells. Reads the ends of records, and a hundred records whole."""
    here = _names(Home.find().runs)
    ids = {cell.spec.run_id for cell in cells} & here
    done = {run_id for run_id in ids if (end := read_end(run_id)) and end.status == "ok"}
    left = [cell for cell in cells if cell.spec.run_id not in done]
    fits = {fit.spec.fit_id: fit for cell in left for fit in cell.fits}
    results = Results.find()
    begun = _names(Home.find().fits)
    shipped = {path.stem for path in results.files(results.checkpoints, "*.json")}
    to_train = {
        fit_id: fit
        for fit_id, fit in fits.items()
        if fit_id not in shipped and not (fit_id in begun and Home.find().fit(fit_id).record.is_file())
    }
    known = list(trained_fits())
    hours = list(_training_hours(to_train.values(), known))
    runs = list(_newest_runs())
    predictions = list(_prediction_hours(left, runs))
    devices = {fit.provenance.device for fit in known} if any(hours) else set()
    return Forecast(
        cells=len({cell.spec.run_id for cell in cells}),
        finished=len(done),
        fits_found=len(fits) - len(to_train),
        fits_to_train=len(to_train),
        fits_unmeasured=hours.count(None),
        train_hours=sum(value for value in hours if value),
        cells_unmeasured=predictions.count(None),
        predict_hours=sum(value for value in predictions if value),
        devices=tuple(sorted(devices)),
        disk_bytes=_disk_bytes(len(to_train), len(left)),
    ), done


def _names(folder: Path) -> set[str]:
    """Names in a folder: one listing instead of one look per cell."""
    return {entry.name for entry in os.scandir(folder)} if folder.is_dir() else set()


def _training_hours(fits: Iterable[FitCell], known: Sequence[FitRecord]) -> Iterator[float | None]:
    remembered: dict[str, float | None] = {}
    for fit in fits:
        key = fit.spec.method + canonical_json(fit.spec.params)
        if key not in remembered:
            remembered[key] = measured_hours(fit, known)
        yield remembered[key]


def _prediction_hours(cells: Iterable[Cell], runs: Sequence[RunRecord]) -> Iterator[float | None]:
    """Test images of the nearest run over its images per second: the same method, data and task."""
    remembered: dict[tuple[str, str, str], float | None] = {}
    for cell in cells:
        key = _kind(cell.spec)
        if key not in remembered:
            near = [run for run in runs if _kind(run.spec) == key and run.cost.images_per_s]
            rate = near[0].cost.images_per_s if near else None
            images = near[0].facts.get("test_images", 0) if near else 0
            remembered[key] = images / rate / 3600 if rate else None
        yield remembered[key]


def _kind(spec: RunSpec) -> tuple[str, str, str]:
    return spec.method, spec.dataset, f"{spec.task} {spec.profile}"


def _newest_runs() -> Iterator[RunRecord]:
    paths = sorted(Home.find().run_records(), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    for path in (*paths[:_LOOK_AT], *Results.find().record_files()[:_LOOK_AT]):
        try:
            yield read_run(path)
        except RecordError:
            continue  # `bench collect` is where a bad record is reported


def _disk_bytes(fits: int, cells: int) -> int | None:
    """Median sizes of what lies here; a training also holds its state, about three checkpoints, until it is done."""
    of_fit, of_run = _median_bytes(Home.find().fit_records()), _median_bytes(Home.find().run_records())
    if (fits and of_fit is None) or (cells and of_run is None):
        return None
    return round(fits * (of_fit or 0) + cells * (of_run or 0))


def _median_bytes(records: Sequence[Path]) -> float | None:
    """Of the folders that those records lie in."""
    folders = [record.parent for record in records[:_LOOK_AT]]
    sizes = [sum(file.stat().st_size for file in folder.iterdir() if file.is_file()) for folder in folders]
    return statistics.median(sizes) if sizes else None
