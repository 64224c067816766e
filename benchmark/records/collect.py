"""`bench collect`: checks the records in `$BENCH_HOME` and copies good ones to the committed results."""

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
from benchmark.core.errors import BenchError, RecordError
from benchmark.core.files import held, written_whole
from benchmark.core.matches import MatchTable
from benchmark.core.paths import Home, Results
from benchmark.core.record import Artifact, RunRecord, Status
from benchmark.records.evidence import MATCHES, PREDICTIONS, keeps_evidence
from benchmark.records.leaks import leak_of
from benchmark.records.matches import write_matches
from benchmark.records.predictions import read_predictions
from benchmark.records.query import HIDDEN_PROFILES
from benchmark.records.seeds import seed_groups
from benchmark.records.store import Store, read_run
from benchmark.records.versions import one_version

PREDICTIONS_LIMIT_BYTES = 6 * 2**20
PREDICTIONS_LIMIT_PER_IMAGE = 300
_PROCESSES = 4
"""reading waits for the disk, so four are useful on two cores; threads would wait for the interpreter lock"""
_MOST_IN_ONE_PROCESS = 300
"""records that one process reads and copies in half a second; more are shared among _PROCESSES"""


@dataclass(frozen=True)
class Collected:
    """What one `bench collect` did.

    taken: run ids of records that were copied, or whose evidence was. present: run ids of records that the results
    already held. refused: run id -> reason. unchecked: `<data set> <task>` of taken records whose split `bench data
    leaks` has not checked here.
    """

    taken: tuple[str, ...]
    present: tuple[str, ...]
    refused: dict[str, str]
    unchecked: tuple[str, ...] = ()


Tabulate = Callable[[Path], MatchTable | None]
"""from the file of a record to its match table; None where its rules have none, so that its predictions are kept"""


def collect(home: Home, results: Results, tabulate: Tabulate) -> Collected:
    """Copy every good record that the results do not hold yet, with its evidence.

    Evidence is per cell the predictions of the lowest seed, and of every other seed the match table.

    Refused are records that failed, are blocked, cannot be read, have the profile `smoke`, or whose split leaks by
    `bench data leaks`. So is a record that was measured again with other metrics: only a person replaces a committed
    record.
    """
    with _only_writer(results.records):
        paths = home.run_records()
        with _mapping(len(paths)) as mapped:
            files = results.record_files(archived=True)
            known = {record.run_id: (file, record) for file, record in zip(files, mapped(read_run, files), strict=True)}
            good, refused = [], {}
            for path, judged in zip(paths, mapped(partial(_judged, home), paths), strict=True):
                if isinstance(judged, RunRecord):
                    good.append(judged)
                else:
                    refused[path.parent.name] = judged
            kept_seeds = _kept_seeds([record for _, record in known.values()], good)
            new, present = [], []
            for record in good:
                if record.run_id not in known:
                    new.append(record)
                    continue
                file, committed = known[record.run_id]
                if committed.metrics != record.metrics:
                    refused[record.run_id] = f"measured again with other numbers; remove {file} to replace it"
                elif file.is_relative_to(results.records) and _lacks_evidence_of(committed, record):
                    new.append(replace(committed, artifacts=record.artifacts))
                else:
                    present.append(record.run_id)
            kept = [record.run_id in kept_seeds for record in new]
            reasons = list(mapped(partial(_take, home, results, tabulate), new, kept))
    refused |= {record.run_id: reason for record, reason in zip(new, reasons, strict=True) if reason}
    taken = [record for record, reason in zip(new, reasons, strict=True) if not reason]
    return Collected(tuple(record.run_id for record in taken), tuple(present), refused, _unchecked(home, taken))


def archive_older(results: Results) -> tuple[str, ...]:
    """Move records to the archive that a newer version of their data set or method replaces, and return their run ids.

    Archived records are shown by `--version` and are found by their run ids.
    """
    with _only_writer(results.records):
        store = Store(results.records)
        older = one_version(list(store)).older
        for record in older:
            Store(results.archive).add(record)
            store.path(record).unlink()
    return tuple(record.run_id for record in older)


@contextlib.contextmanager
def _mapping(count: int) -> Iterator[Callable[..., Iterator[Any]]]:
    """Yield `map`, or for many records one that uses several processes. Raises RecordError if one of them dies."""
    if count <= _MOST_IN_ONE_PROCESS:
        yield map
        return
    # Forked processes need no imports, and this command has no other thread yet. Ctrl-C is left to the parent.
    context, ignore = get_context("fork"), (signal.SIGINT, signal.SIG_IGN)
    try:
        with ProcessPoolExecutor(_PROCESSES, context, signal.signal, ignore) as pool:
            yield partial(pool.map, chunksize=50)
    except BrokenProcessPool as error:
        killed = "a process that copied records was killed, perhaps for lack of memory"
        raise RecordError(f"{killed}; run 'bench collect' again for the rest") from error


def _unchecked(home: Home, records: Sequence[RunRecord]) -> tuple[str, ...]:
    specs = (record.spec for record in records)
    splits = {(f"{spec.dataset} {spec.task_asked}", spec.dataset_digest, spec.split_digest): spec for spec in specs}
    return tuple(sorted({name for (name, *_), spec in splits.items() if leak_of(home, spec) is None}))


@contextlib.contextmanager
def _only_writer(folder: Path) -> Iterator[None]:
    """Hold the lock of that folder, and remove the lock file afterwards. Raises RecordError."""
    path = folder / ".lock"
    with held(path, f"collects into {folder}"):
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _judged(home: Home, path: Path) -> RunRecord | str:
    """The record, or the reason why it is refused."""
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


def _lacks_evidence_of(committed: RunRecord, record: RunRecord) -> bool:
    """Whether a committed record keeps no evidence and names the same files as the one measured here."""
    digests = [{(artifact.name, artifact.sha256) for artifact in each.artifacts} for each in (committed, record)]
    return not keeps_evidence(committed) and bool(record.artifacts) and digests[0] == digests[1]


def _kept_seeds(known: Sequence[RunRecord], good: Sequence[RunRecord]) -> set[str]:
    """Run ids whose predictions are committed: the lowest seed per cell that has no committed predictions yet."""
    has_one = {
        record.spec.cell_key
        for record in known
        if any(artifact.uri for artifact in record.artifacts if artifact.name == PREDICTIONS)
    }
    return {group.first.run_id for group in seed_groups(good) if group.spec.cell_key not in has_one}


def _take(home: Home, results: Results, tabulate: Tabulate, record: RunRecord, keep: bool) -> str | None:
    """Copy a record to the results. Returns the reason if that is refused, else None."""
    try:
        Store(results.records).add(_with_evidence(record, home, results, None if keep else tabulate))
    except BenchError as error:
        return str(error)
    return None


def _with_evidence(record: RunRecord, home: Home, results: Results, tabulate: Tabulate | None) -> RunRecord:
    """The record as it is committed, with its test predictions, or where there is `tabulate` with its match table."""
    paths = home.run(record.run_id)
    for artifact in record.artifacts:
        source = paths.root / artifact.uri
        if not source.is_file() or file_sha256(source) != artifact.sha256:
            raise RecordError(
                f"{source}: missing or changed (its sha256 is not the record's); measure again with --force"
            )
    artifacts = [replace(artifact, uri="") for artifact in record.artifacts]
    predictions = next((i for i, artifact in enumerate(artifacts) if artifact.name == PREDICTIONS), None)
    if predictions is None:
        return replace(record, artifacts=tuple(artifacts))
    table = tabulate(paths.record) if tabulate else None
    if table is None:
        uri = _copy(paths.root / record.artifacts[predictions].uri, record.run_id, results)
        artifacts[predictions] = replace(artifacts[predictions], uri=uri)
    else:
        path = results.matches / f"{record.run_id}.parquet"
        write_matches(path, table)
        artifacts.append(Artifact(MATCHES, f"../../../matches/{path.name}", file_sha256(path)))
    return replace(record, artifacts=tuple(artifacts))


def _copy(source: Path, run_id: str, results: Results) -> str:
    size = source.stat().st_size
    if size > PREDICTIONS_LIMIT_BYTES:
        limit = PREDICTIONS_LIMIT_BYTES >> 20
        raise RecordError(f"{source}: {size / 2**20:.1f} MiB of predictions, at most {limit} MiB are committed")
    for image_id, detections in read_predictions(source).items():
        if len(detections) > PREDICTIONS_LIMIT_PER_IMAGE:
            raise RecordError(
                f"{source}: {len(detections)} detections on image {image_id}, at most "
                f"{PREDICTIONS_LIMIT_PER_IMAGE} per image are committed"
            )
    target = results.predictions / f"{run_id}.parquet"
    with written_whole(target) as waiting:
        shutil.copyfile(source, waiting)
    return f"../../../predictions/{target.name}"
