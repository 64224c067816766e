"""A record and its evidence: stored detections beside the ground truth of its data set, or a match table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.core.detections import Detections
from benchmark.core.errors import RecordError, RefusedError, UnknownNameError
from benchmark.core.evaluation import ScoredSet, Scores
from benchmark.core.matches import MatchTable
from benchmark.core.paths import Home, Results, RunPaths
from benchmark.core.plugins import load
from benchmark.core.record import RunRecord, Status
from benchmark.core.spec import Job
from benchmark.core.task import Task
from benchmark.evaluators.scoring.columns import columns_of
from benchmark.evaluators.scoring.match_table import match_table
from benchmark.evaluators.scoring.score import score, score_matches
from benchmark.harness.cell import Cell, cell_of, scope_of
from benchmark.harness.data import DataSets
from benchmark.records.evidence import MATCHES, kept_file
from benchmark.records.exchange import coco_ground_truth
from benchmark.records.matches import read_matches
from benchmark.records.predictions import read_predictions
from benchmark.records.store import read_job, read_run

_LEAST_PREFIX = 4


@dataclass(frozen=True, eq=False)
class Stored:
    """A good record with its detections; val where thresholds were chosen on the validation part and it is kept."""

    record: RunRecord
    path: Path
    test: ScoredSet
    val: ScoredSet | None
    cell: Cell


@dataclass(frozen=True, eq=False)
class StoredMatches:
    """A good record with its match table, for which neither data set nor images are needed."""

    record: RunRecord
    path: Path
    test: MatchTable


Evidence = Stored | StoredMatches


def find_record(name: str) -> Path:
    """The file of a run: its id or the beginning of it (home first, then the results, the archive included), or a path.

    Raises UnknownNameError where there is none, RecordError where several begin so.
    """
    if Path(name).suffix == ".json":
        if not Path(name).is_file():
            raise RecordError(f"{name}: there is no such record")
        return Path(name)
    by_id = {path.stem.rpartition("-")[2]: path for path in Results.find().record_files(archived=True)}
    by_id |= {path.parent.name: path for path in Home.find().run_records()}
    near = [run_id for run_id in by_id if run_id.startswith(name)] if len(name) >= _LEAST_PREFIX else []
    if name in by_id or len(near) == 1:
        return by_id[name if name in by_id else near[0]]
    if near:
        raise RecordError(f"run '{name}': {len(near)} begin so, {', '.join(near[:4])}; write more of the id")
    raise UnknownNameError("run", name, by_id)


def load_stored(path: Path) -> Stored:
    """The record in a file, its detections and its ground truth.

    Raises RefusedError for a record that is not good or whose data set is another one here, RecordError where the
    detections were not kept or are not the bytes that the record names, DataError where the data set is not here.
    """
    record = read_run(path)
    _require_good(record)
    cell = cell_of(job_of(record, path))
    test = _scored(cell, record, path, "predictions", cell.tested.split.test)
    val = None
    if any(artifact.name == "predictions_val" and artifact.uri for artifact in record.artifacts):
        val = _scored(cell, record, path, "predictions_val", cell.tested.split.val)
    return Stored(record, path, test, val, cell)


def job_of(record: RunRecord, path: Path) -> Job:
    """The job of the record in a file: the one beside it, else that of a data set with the name in its spec."""
    job_file = RunPaths(path.parent).spec
    if job_file.is_file():
        return read_job(job_file)
    return Job(record.spec, record.spec.dataset, texts=record.facts.get("texts", {}))


def tabulate(path: Path) -> MatchTable | None:
    """The match table of a record, from its detections; None under LVIS's rules. Raises as `load_stored`."""
    columns = columns_of(load_stored(path).test)
    return None if columns.federation is not None else match_table(columns)


def load_evidence(path: Path) -> Evidence:
    """The record in a file with its match table if it keeps one, else with its detections.

    Raises as `load_stored`; a match table needs no data set.
    """
    record = read_run(path)
    file = kept_file(record, path, MATCHES)
    if file is None:
        return load_stored(path)
    _require_good(record)
    return StoredMatches(record, path, read_matches(file))


def _require_good(record: RunRecord) -> None:
    if record.status is not Status.OK:
        raise RefusedError(f"run {record.run_id} is {record.status}: {record.error}")


def _scored(cell: Cell, record: RunRecord, path: Path, name: str, image_ids: Sequence[int]) -> ScoredSet:
    return cell.tested.scored(cell.tested.samples(image_ids), _detections(record, path, name))


def as_measured(stored: Evidence) -> tuple[str, ...]:
    """The evaluators of the record whose values its evidence does not give: they need boxes and there are none."""
    if isinstance(stored, Stored):
        return ()
    wanted = stored.record.spec.protocol["evaluators"]
    return tuple(sorted(name for name in wanted if load("evaluator", name).from_matches is None))


def score_again(stored: Evidence, engine: str = "fast") -> Scores:
    """The evaluators of the record's own protocol on its stored detections, or those that its match table allows.

    Raises RefusedError where an evaluator has another version by now, whose numbers are not the record's, and for the
    reference engine on a match table, which only our own code counts.
    """
    wanted = stored.record.spec.protocol["evaluators"]
    if isinstance(stored, StoredMatches) and engine != "fast":
        raise RefusedError(f"run {stored.record.run_id} keeps a match table: engine {engine} needs detections")
    for name in sorted(set(wanted) - set(as_measured(stored))):
        evaluator, version = load("evaluator", name), wanted[name]
        if evaluator.version != version:
            raise RefusedError(
                f"run {stored.record.run_id} was measured by {name} version {version}, here is {evaluator.version}: "
                "measure it again"
            )
    if isinstance(stored, StoredMatches):
        return score_matches(tuple(wanted), stored.test)
    return score(tuple(wanted), stored.test, stored.val, engine=engine)


def test_ground_truth(data: str, task_name: str) -> dict[str, Any]:
    """The test part of a task on a data set, in COCO's or LVIS's form; category id = place in the vocabulary + 1."""
    task: Task = load("task", task_name)
    sets = DataSets()
    tested = scope_of(sets, sets.open(data), task.split_rule, task.test_on, "canonical")
    return coco_ground_truth(tested.scored(tested.samples(tested.split.test), {}))


def _detections(record: RunRecord, path: Path, name: str) -> dict[int, Detections]:
    file = kept_file(record, path, name)
    if file is None:
        what = "only a match table, which has no boxes" if kept_file(record, path, MATCHES) else "nor is a match table"
        raise RecordError(
            f"{path}: its {name} were not kept, {what}; one seed of each cell keeps them, or measure again with --force"
        )
    return read_predictions(file)
