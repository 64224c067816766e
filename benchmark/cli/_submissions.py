"""Decides whether the runs of a bundle can be added to the results; each reason against it is one sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from benchmark.cli.verify import differing
from benchmark.core.errors import BenchError
from benchmark.core.evaluation import Evaluator
from benchmark.core.method import WeightsOrigin
from benchmark.core.paths import Results
from benchmark.core.plugins import list_names, load, public_name
from benchmark.core.record import RunRecord, Status
from benchmark.core.sample import Dataset
from benchmark.core.task import Task
from benchmark.harness.cell import scope_of
from benchmark.harness.data import DataSets, open_dataset
from benchmark.records.bundle import Bundle, ground_truth_to_json
from benchmark.records.evidence import PREDICTIONS
from benchmark.records.query import HIDDEN_PROFILES
from benchmark.records.store import Store, read_run


@dataclass(frozen=True)
class Verdict:
    """The verdict on one run. reasons: why it cannot be added. notes: for the maintainer who decides."""

    record: RunRecord
    reasons: tuple[str, ...]
    notes: tuple[str, ...]


def judge(bundle: Bundle, run_id: str, engine: str = "fast") -> Verdict:
    """Judge one run of a bundle; every number is computed again. Raises RecordError for a damaged bundle."""
    record = bundle.record(run_id)
    reasons = [*_form(record), *_rules(record)]
    notes = (
        [] if record.spec.method in list_names("method") else [f"method '{record.spec.method}' is not installed here"]
    )
    if not reasons:
        try:
            dataset = open_dataset(record.spec.dataset)
        except BenchError as error:
            notes.append(f"scored with the bundle's ground truth: {record.spec.dataset} cannot be opened here: {error}")
        else:
            reasons += _ground_truth(bundle, record, dataset)
    if not reasons:
        reasons += differing(bundle, run_id, engine)
    return Verdict(record, tuple(reasons), tuple(notes))


def _form(record: RunRecord) -> list[str]:
    """Reasons that follow from the record alone: status, weights, profile, provenance, artifacts."""
    spec, source = record.spec, record.provenance
    reasons = []
    if record.status is not Status.OK:
        reasons.append(f"its status is {record.status}: only records with status ok can be added")
    if spec.weights is WeightsOrigin.RANDOM:
        reasons.append("its weights are random: only maintainers add such controls")
    if spec.profile in HIDDEN_PROFILES:
        reasons.append(f"profile {spec.profile} only tests that the code runs")
    if source is None or not source.packages:
        reasons.append("it has no provenance: the code and packages that measured it are unknown")
    elif source.dirty:
        reasons.append("its code had uncommitted changes: commit them and measure again")
    if not any(artifact.name == PREDICTIONS and artifact.uri for artifact in record.artifacts):
        reasons.append("it has no detections")
    try:
        results = Results.find()
        place = results.readable(Store(results.records).path(record))
        if place.is_file() and read_run(place).metrics != record.metrics:
            reasons.append(f"the results already hold this run with other numbers: {place.name}")
    except BenchError as error:
        reasons.append(str(error))
    return reasons


def _rules(record: RunRecord) -> list[str]:
    """Reasons that follow from the installed task and evaluators: their versions, limits of detections."""
    spec = record.spec
    if spec.task not in list_names("task"):
        return [f"there is no task '{spec.task}'"]
    task: Task = load("task", spec.task)
    reasons = []
    if spec.task_version != task.version:
        reasons.append(
            f"task {spec.task} is now version {task.version}, it was measured with version {spec.task_version}"
        )
    versions: Any = spec.protocol.get("evaluators", {})
    missing = sorted(set(task.evaluators) - set(versions))
    if missing:
        reasons.append(f"task {spec.task} also needs evaluator {', '.join(missing)}")
    for name in sorted(versions):
        if public_name(name) not in list_names("evaluator"):
            reasons.append(f"there is no evaluator '{name}'")
            continue
        evaluator: Evaluator = load("evaluator", name)
        if evaluator.version != versions[name]:
            reasons.append(
                f"evaluator {name} is now version {evaluator.version}, it was measured with version {versions[name]}"
            )
    for limit in ("max_detections", "score_threshold", "nms_iou"):
        asked, used = getattr(task, limit), spec.protocol.get(limit)
        if asked != used:
            reasons.append(f"task {spec.task} sets {limit} to {asked}, it was measured with {used}")
    return reasons


def _ground_truth(bundle: Bundle, record: RunRecord, dataset: Dataset) -> list[str]:
    """Reasons that follow from the data set on this machine: its digest, split, vocabulary and boxes."""
    spec = record.spec
    if dataset.digest != spec.dataset_digest:
        return [f"{spec.dataset} has digest {dataset.digest[:12]} here, it was measured on {spec.dataset_digest[:12]}"]
    task: Task = load("task", spec.task)
    rule, texts = task.rule(spec.held_out), record.facts.get("texts")
    tested = scope_of(DataSets(), dataset, rule, task.test_on, spec.wording, texts)
    split = tested.split
    if split.digest != spec.split_digest:
        return [f"it was measured on another split of {spec.dataset} than task {spec.task}'s"]
    if tested.vocabulary.digest != spec.vocabulary_digest:
        return [f"its vocabulary is not that of wording {spec.wording}"]
    reasons = []
    for part, ids in (("test", split.test), ("val", split.val)):
        if bundle.holds(f"{record.run_id}/{part}.json"):
            own = tested.scored(tested.samples(ids), {})
            if ground_truth_to_json(own) != ground_truth_to_json(bundle.ground_truth(record.run_id, part)):
                reasons.append(f"its ground truth of the {part} part is not that of {spec.dataset}")
    return reasons
