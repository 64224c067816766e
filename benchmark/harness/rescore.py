"""A record and what it was measured from: stored detections beside the ground truth of its data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.core.canonical import file_sha256
from benchmark.core.detections import Detections
from benchmark.core.errors import RecordError, RefusedError, UnknownNameError
from benchmark.core.evaluation import Evaluator, ScoredSet, Scores
from benchmark.core.matches import MatchTable
from benchmark.core.paths import Home, Results, RunPaths
from benchmark.core.plugins import load
from benchmark.core.record import RunRecord, Status
from benchmark.core.spec import Job
from benchmark.core.task import Task
from benchmark.evaluators.scoring.columns import columns_of
from benchmark.evaluators.scoring.match_table import match_table
from benchmark.evaluators.scoring.score import score
from benchmark.harness.cell import Cell, cell_of, scope_of
from benchmark.harness.data import DataSets
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
    if record.status is not Status.OK:
        raise RefusedError(f"run {record.run_id} is {record.status}: {record.error}")
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


def evidence(path: Path) -> ScoredSet | MatchTable:
    """What a record's AP can be counted from: its match table if it has one, for which no image is needed.

    Raises as `load_stored`.
    """
    record = read_run(path)
    file = _artifact_file(record, path, "matches")
    return load_stored(path).test if file is None else read_matches(file)


def _artifact_file(record: RunRecord, path: Path, name: str) -> Path | None:
    """The file of an artifact, None if it was not kept. Raises RecordError where its bytes are others."""
    artifact = next((a for a in record.artifacts if a.name == name), None)
    if artifact is None or not artifact.uri:
        return None
    file = (path.parent / artifact.uri).resolve()
    if not file.is_file() or file_sha256(file) != artifact.sha256:
        raise RecordError(f"{file}: missing or changed (its sha256 is not the one in {path})")
    return file


def _scored(cell: Cell, record: RunRecord, path: Path, name: str, image_ids: Sequence[int]) -> ScoredSet:
    return cell.tested.scored(cell.tested.samples(image_ids), _detections(record, path, name))


def score_again(stored: Stored, engine: str = "fast") -> Scores:
    """The evaluators of the record's own protocol on its stored detections.

    Raises RefusedError where an evaluator has another version by now: its numbers are then not the record's.
    """
    wanted = stored.record.spec.protocol["evaluators"]
    for name, version in wanted.items():
        evaluator: Evaluator = load("evaluator", name)
        if evaluator.version != version:
            raise RefusedError(
                f"run {stored.record.run_id} was measured by {name} version {version}, here is {evaluator.version}: "
                "measure it again"
            )
    return score(tuple(wanted), stored.test, stored.val, engine=engine)


def test_ground_truth(data: str, task_name: str) -> dict[str, Any]:
    """The test part of a task on a data set, in COCO's or LVIS's form; category id = place in the vocabulary + 1."""
    task: Task = load("task", task_name)
    sets = DataSets()
    tested = scope_of(sets, sets.open(data), task.split_rule, task.test_on, "canonical")
    return coco_ground_truth(tested.scored(tested.samples(tested.split.test), {}))


def _detections(record: RunRecord, path: Path, name: str) -> dict[int, Detections]:
    file = _artifact_file(record, path, name)
    if file is None:
        raise RecordError(
            f"{path}: its {name} were not kept; one seed of each cell keeps them, or measure again with --force"
        )
    return read_predictions(file)
