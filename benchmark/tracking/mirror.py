"""What the harness calls: events of a training, and a record once it is written. Neither can fail or end a run."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any

from benchmark.core.canonical import digest
from benchmark.core.errors import BenchError
from benchmark.core.paths import Home
from benchmark.core.record import FitRecord, RunRecord
from benchmark.core.spec import FitSpec
from benchmark.tracking._guarded import Guarded
from benchmark.tracking._tracker import Picture, Silent, TrackedRun, Tracker, is_first_process
from benchmark.tracking.names import (
    class_rows,
    epoch_row,
    fit_summary,
    leaderboard_row,
    summary_of,
    tracked_cell,
    tracked_fit,
)
from benchmark.tracking.settings import TrackSettings, load_settings
from benchmark.tracking.wandb import WandbTracker


class FitMirror:
    """Mirrors the events of a training, one row per finished epoch. Use as a context manager."""

    def __init__(self, spec: FitSpec) -> None:
        settings = _settings()
        self._tracker = _tracker(tracked_fit(spec), settings) if settings else Silent()

    def __enter__(self) -> FitMirror:
        self._tracker.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tracker.__exit__(kind, error, trace)

    def event(self, values: Mapping[str, Any]) -> None:
        """One event of the training, as the JSON lines have it."""
        row = epoch_row(values)
        if row:
            self._tracker.log(row)

    def finished(self, record: FitRecord) -> None:
        """Mirror the record of the finished training."""
        self._tracker.summary(fit_summary(record))
        name = f"checkpoints/{record.fit_id}.pt"
        self._tracker.artifact(f"checkpoint-{record.fit_id}", "model", _reference(name), record.checkpoint.sha256)


def mirror_record(record: RunRecord, pictures: Sequence[Picture] = ()) -> None:
    """Mirror a record once; another record of the same cell (measured again) replaces it."""
    settings = _settings()
    marker = Home.find().run(record.run_id).mirrored
    if settings is None:
        return
    state = json.dumps({"record_sha256": digest(record), "entity": settings.entity, "project": settings.project})
    if marker.is_file() and marker.read_text(encoding="utf-8") == state:
        return
    tracker = _tracker(tracked_cell(record), settings)
    with tracker:
        send_record(tracker, record)
        tracker.pictures("predictions_worst", pictures)
    if not tracker.failed and marker.parent.is_dir():
        marker.write_text(state, encoding="utf-8")


def send_record(tracker: Tracker, record: RunRecord) -> None:
    """Send the numbers, tables and references of a record."""
    tracker.summary(summary_of(record))
    tracker.table("leaderboard_table", [leaderboard_row(record)])
    tracker.table("per_class", class_rows(record))
    spec = record.spec
    dataset = f"datasets/{spec.dataset}.json"
    tracker.artifact(f"dataset-{_plain(spec.dataset)}", "dataset", _reference(dataset), spec.dataset_digest)
    for artifact in record.artifacts:
        here = f"{artifact.name}/{record.run_id}.parquet"
        uri = artifact.uri if artifact.uri.startswith(("http://", "https://")) else _reference(here)
        tracker.artifact(f"{artifact.name}-{record.run_id}", "predictions", uri, artifact.sha256)


def _settings() -> TrackSettings | None:
    """How to track, None where nothing but JSON lines is asked for. A file with a mistake is reported and ignored."""
    try:
        settings = load_settings()
    except BenchError as error:
        print(f"bench: nothing is tracked: {error}", file=sys.stderr)
        return None
    wanted = settings.track == "wandb" and settings.mode != "disabled" and is_first_process()
    return settings if wanted else None


def _tracker(run: TrackedRun, settings: TrackSettings) -> Guarded:
    return Guarded(WandbTracker(run, settings, Home.find().root))


def _reference(name: str) -> str:
    """A path below the results, the same on every machine; the digest beside it identifies the bytes."""
    return f"rtvp-bench://results/{name}"


def _plain(name: str) -> str:
    """A name that W&B accepts for an artifact."""
    return "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in name)
