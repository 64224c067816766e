"""`bench collect`: the one writer that moves checked records from our home into the committed results."""

from __future__ import annotations

import contextlib
import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmark.core.canonical import file_sha256
from benchmark.core.errors import RecordError
from benchmark.core.files import held, written_whole
from benchmark.core.paths import Home, Results
from benchmark.core.record import Artifact, RunRecord, Status
from benchmark.records.leaks import leak_of
from benchmark.records.predictions import read_predictions
from benchmark.records.query import HIDDEN_PROFILES
from benchmark.records.seeds import seed_groups
from benchmark.records.store import Store, read_run
from benchmark.records.versions import one_version

PREDICTIONS_LIMIT_BYTES = 6 * 2**20
PREDICTIONS_LIMIT_AN_IMAGE = 300
_PROCESSES = 4
"""more than two cores can feed, because files wait for a disk; threads would wait for their one interpreter"""
_ALONE = 300
"""records that one process reads and takes in half a second"""


@dataclass(frozen=True)
class Collected:
    """taken, present: run ids. refused: run id or file -> reason.

    unchecked: data set and task of records that were taken though nobody looked here whether that split leaks.
    """

    taken: tuple[str, ...]
    present: tuple[str, ...]
    refused: dict[str, str]
    unchecked: tuple[str, ...] = ()


def collect(home: Home, results: Results) -> Collected:
    """Take every good record that the results do not hold yet; with it the predictions of each cell's lowest seed.

    Records that failed, are blocked, belong to the smoke profile or do not decode are refused with the reason; so is
    one of a split in which `bench data leaks` found a leak, and one that was measured again with other numbers:
    replacing a committed record is a person's decision.
    """
    with _only_writer(results.records):
        paths = home.run_records()
        with _mapping(len(paths)) as mapped:
            files = results.record_files(archived=True)
            known = {record.run_id: (file, record) for file, record in zip(files, mapped(read_run, files), strict=True)}
            found, refused = [], {}
            for path, judged in zip(paths, mapped(partial(_judged, home), paths), strict=True):
                if isinstance(judged, RunRecord):
                    found.append(judged)
                else:
                    refused[path.parent.name] = judged
            kept_seeds = _kept_seeds([record for _, record in known.values()], found)
            new, present = [], []
            for record in found:
                if record.run_id not in known:
                    new.append(record)
                    continue
                file, there = known[record.run_id]
                if there.metrics == record.metrics:
                    present.append(record.run_id)
                else:
                    refused[record.run_id] = f"measured again with other numbers; remove {file} to replace it"
            kept = [record.run_id in kept_seeds for record in new]
            reasons = list(mapped(partial(_take, home, results), new, kept))
    refused |= {record.run_id: reason for record, reason in zip(new, reasons, strict=True) if reason}
    taken = [record for record, reason in zip(new, reasons, strict=True) if not reason]
    return Collected(tuple(record.run_id for record in taken), tuple(present), refused, _unchecked(home, taken))


def archive_older(results: Results) -> tuple[str, ...]:
    """Move the records that a newer version of their data set or method replaces to the archive; their run ids.

    Tables, figures and boards show them by the version; `bench score` and others find them by their ids.
    """
    with _only_writer(results.records):
        here = Store(results.records)
        older = one_version(list(here)).older
        for record in older:
            Store(results.archive).add(record)
            here.path(record).unlink()
    return tuple(record.run_id for record in older)


@contextlib.contextmanager
def _mapping(count: int) -> Iterator[Callable[..., Iterator[Any]]]:
    """`map`, in several processes where so many records are worth starting them. Raises RecordError if one dies."""
    if count <= _ALONE:
        yield map
        return
    # Forked: they need not import anything, and this command has no other thread yet. Ctrl-C is for the parent.
    context, ignore = get_context("fork"), (signal.SIGINT, signal.SIG_IGN)
    try:
        with ProcessPoolExecutor(_PROCESSES, context, signal.signal, ignore) as pool:
            yield partial(pool.map, chunksize=50)
    except BrokenProcessPool as error:
        said = "a process that took records was killed, perhaps for want of memory"
        raise RecordError(f"{said}; 'bench collect' again takes the rest") from error


def _unchecked(home: Home, records: Sequence[RunRecord]) -> tuple[str, ...]:
    specs = (record.spec for record in records)
    splits = {(f"{spec.dataset} {spec.task_asked}", spec.dataset_digest, spec.split_digest): spec for spec in specs}
    return tuple(sorted({name for (name, *_), spec in splits.items() if leak_of(home, spec) is None}))


@contextlib.contextmanager
def _only_writer(folder: Path) -> Iterator[None]:
    """Waits until nobody else collects into that folder; the lock file is gone afterwards. Raises RecordError."""
    path = folder / ".lock"
    with held(path, f"collects into {folder}"):
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _judged(home: Home, path: Path) -> RunRecord | str:
    """The record, if it is a good one; else why it is refused."""
    try:
        record = read_run(path)
    except RecordError as error:
        return str(error)
    if record.status is not Status.OK:
        return f"{record.status}: {record.error}"
    if record.spec.profile in HIDDEN_PROFILES:
        return f"profile {record.spec.profile} is for tests"
    leak = leak_of(home, record.spec)
    return f"its split leaks: {leak}" if leak else record


def _kept_seeds(known: Sequence[RunRecord], found: Sequence[RunRecord]) -> set[str]:
    """Run ids whose predictions are kept: one seed a cell, the lowest, unless another one's lie there already."""
    has_one = {record.spec.cell_key for record in known if any(artifact.uri for artifact in record.artifacts)}
    return {group.first.run_id for group in seed_groups(found) if group.spec.cell_key not in has_one}


def _take(home: Home, results: Results, record: RunRecord, keep: bool) -> str | None:
    """Put it into the results; why that could not be."""
    try:
        Store(results.records).add(_with_predictions(record, home, results, keep=keep))
    except RecordError as error:
        return str(error)
    return None


def _with_predictions(record: RunRecord, home: Home, results: Results, *, keep: bool) -> RunRecord:
    """The record as it is committed: its test predictions beside it, or only their digest."""
    artifacts = []
    for artifact in record.artifacts:
        source = home.run(record.run_id).root / artifact.uri
        if not source.is_file() or file_sha256(source) != artifact.sha256:
            raise RecordError(f"{source}: missing or not the bytes that the record names; measure again with --force")
        if keep and artifact.name == "predictions":
            artifacts.append(Artifact(artifact.name, _copy(source, record.run_id, results), artifact.sha256))
        else:
            artifacts.append(Artifact(artifact.name, "", artifact.sha256))
    return replace(record, artifacts=tuple(artifacts))


def _copy(source: Path, run_id: str, results: Results) -> str:
    size = source.stat().st_size
    if size > PREDICTIONS_LIMIT_BYTES:
        limit = PREDICTIONS_LIMIT_BYTES >> 20
        raise RecordError(f"{source}: {size / 2**20:.1f} MiB of predictions, at most {limit} MiB are committed")
    for image_id, detections in read_predictions(source).items():
        if len(detections) > PREDICTIONS_LIMIT_AN_IMAGE:
            raise RecordError(
                f"{source}: {len(detections)} detections on image {image_id}, at most {PREDICTIONS_LIMIT_AN_IMAGE} an "
                "image are committed"
            )
    target = results.predictions / f"{run_id}.parquet"
    with written_whole(target) as waiting:
        shutil.copyfile(source, waiting)
    return f"../../../predictions/{target.name}"
