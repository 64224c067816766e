"""A record and what it was measured from: stored detections beside the ground truth of its data set."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.core.canonical import file_sha256
from benchmark.core.detections import Detections
from benchmark.core.errors import RecordError, RefusedError, UnknownNameError
from benchmark.core.evaluation import Evaluator, ScoredSet, Scores
from benchmark.core.paths import Home, Results
from benchmark.core.plugins import load
from benchmark.core.record import RunRecord, Status
from benchmark.core.sample import Split
from benchmark.core.task import Task
from benchmark.core.vocabulary import Vocabulary
from benchmark.evaluators.scoring.score import score
from benchmark.harness.data import open_dataset
from benchmark.harness.execute import scored_set, test_samples
from benchmark.harness.expand import Cell, resolve
from benchmark.records.codec import decode_job
from benchmark.records.exchange import coco_truth
from benchmark.records.predictions import read_predictions
from benchmark.records.store import read_run, read_text

_LEAST_PREFIX = 4


@dataclass(frozen=True, eq=False)
class Stored:
    """A good record with its detections; val where thresholds were chosen on the validation part and it is kept."""

    record: RunRecord
    path: Path
    test: ScoredSet
    val: ScoredSet | None
    split: Split
    vocabulary: Vocabulary
    cell: Cell


def find_record(name: str) -> Path:
    """The file of a run: its id or the beginning of it (home first, then the results), or a path.

    Raises UnknownNameError where there is none, RecordError where several begin so.
    """
    if Path(name).suffix == ".json":
        if not Path(name).is_file():
            raise RecordError(f"{name}: there is no such record")
        return Path(name)
    by_id = {path.stem.rpartition("-")[2]: path for path in Results.find().record_files()}
    by_id |= {path.parent.name: path for path in sorted(Home.find().runs.glob("*/record.json"))}
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
    spec = record.spec
    if record.status is not Status.OK:
        raise RefusedError(f"run {record.run_id} is {record.status}: {record.error}")
    data, novel, texts = spec.dataset, tuple[str, ...](), record.facts.get("texts")
    job_file = path.parent / "spec.json"
    if job_file.is_file():
        job = decode_job(read_text(job_file), str(job_file))
        data, novel = job.data, tuple(job.novel)
    dataset = open_dataset(data, novel)
    cell = resolve(spec, dataset, texts)
    if (dataset.digest, cell.split.digest, cell.vocabulary.digest) != (
        spec.dataset_digest,
        spec.split_digest,
        spec.vocabulary_digest,
    ):
        raise RefusedError(
            f"run {record.run_id}: {spec.dataset} on this machine is not the set that it was measured on"
        )
    test = scored_set(cell, test_samples(cell, cell.split.test), _detections(record, path, "predictions"))
    val = None
    if any(artifact.name == "predictions_val" and artifact.uri for artifact in record.artifacts):
        found = _detections(record, path, "predictions_val")
        val = scored_set(cell, test_samples(cell, cell.split.val), found)
    return Stored(record, path, test, val, cell.split, cell.vocabulary, cell)


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


def test_truth(data: str, task_name: str) -> dict[str, Any]:
    """The test part of a task on a data set, in COCO's form; category id = place in the vocabulary + 1."""
    task: Task = load("task", task_name)
    dataset = open_dataset(data)
    split = dataset.split(task.split_rule)
    labels = task.test_on.of(split)
    mapping = np.full(len(dataset.categories), -1, np.int64)
    mapping[list(labels)] = np.arange(len(labels))
    samples = [dataset.samples[i] for i in sorted(split.test)]
    asked = [replace(sample, annotations=sample.annotations.relabel(mapping)) for sample in samples]
    return coco_truth([dataset.categories[label].name for label in labels], asked)


def _detections(record: RunRecord, path: Path, name: str) -> dict[int, Detections]:
    artifact = next((a for a in record.artifacts if a.name == name), None)
    if artifact is None or not artifact.uri:
        raise RecordError(
            f"{path}: its {name} were not kept; one seed of each cell keeps them, or measure again with --force"
        )
    file = (path.parent / artifact.uri).resolve()
    if not file.is_file() or file_sha256(file) != artifact.sha256:
        raise RecordError(f"{file}: missing or not the bytes that {path} names")
    return read_predictions(file)
