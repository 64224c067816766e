"""One cell, from its data to its record: fit, set vocabulary, predict, evaluate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from benchmark.core.canonical import file_sha256
from benchmark.core.detector import Detector
from benchmark.core.errors import BlockedError, RecordError, RefusedError
from benchmark.core.evaluation import Scores
from benchmark.core.method import WeightsOrigin
from benchmark.core.paths import Home, RunPaths
from benchmark.core.plugins import load_adapter
from benchmark.core.record import Artifact, RunRecord, Status
from benchmark.core.sample import Dataset, Progress, Sample
from benchmark.core.spec import RunSpec
from benchmark.evaluators.scoring.score import score
from benchmark.evaluators.statistics.bootstrap import intervals
from benchmark.harness.cell import Cell
from benchmark.harness.fitting import FinishedFit, Options, ensure_fit, find_fit
from benchmark.harness.ledger import ledger_facts
from benchmark.harness.predict import Prediction, measure_cost, predict
from benchmark.harness.provenance import device_name, gather
from benchmark.harness.weights import take_released
from benchmark.records.codec import encode
from benchmark.records.predictions import write_predictions
from benchmark.records.store import read_run, write_atomic

CHOOSE_ON_VAL = frozenset(("operating_point", "inspection"))
"""evaluators that choose a threshold on the validation part"""
_IMAGES_FOR_COST = 160
"""images that are predicted where only the cost of a cell is measured"""


def finished(spec: RunSpec) -> RunRecord | None:
    """The good record of that cell on this machine, or None. Raises RecordError, naming the file and the way out."""
    path = Home.find().run(spec.run_id).record
    if not path.is_file():
        return None
    try:
        record = read_run(path)
    except RecordError as error:
        raise RecordError(f"{error}; remove that file, or measure the cell again with --force") from error
    return record if record.status is Status.OK else None


def execute(cell: Cell, options: Options) -> RunRecord:
    """Measure one cell and write its record.

    A missing weight or GPU ends in a blocked record; other errors are raised.
    """
    spec, paths = cell.spec, Home.find().run(cell.spec.run_id)
    paths.root.mkdir(parents=True, exist_ok=True)
    write_atomic(paths.spec, encode(cell.job))
    try:
        record = _measure(cell, paths, options)
    except BlockedError as error:
        record = _unmeasured(spec, Status.BLOCKED, f"{error.lacks}: {error}", options.command)
    write_atomic(paths.record, encode(record))
    return record


def cost_again(cell: Cell, record: RunRecord, options: Options) -> RunRecord:
    """The record with a new cost block, measured with its finished fit on the first images of the test part.

    Everything else in the record stays, the hours of its training too. Raises RefusedError where the fit is not here.
    """
    if cell.fit is not None and find_fit(cell.fit.spec) is None:
        raise RefusedError(
            f"run {record.run_id}: its fit {cell.fit.spec.fit_id} is not on this machine; "
            f"'{cell.spec.command} --force' trains it and measures everything"
        )
    method: Detector[Any] = load_adapter(cell.spec.method).Adapter(cell.config, options.device)
    take_weights(method, cell, options)
    method.set_vocabulary(cell.tested.vocabulary)
    test, predicted = _predicted(method, cell, cell.tested.split.test[:_IMAGES_FOR_COST], options.progress)
    return replace(record, cost=measure_cost(method, cell, test, predicted, record.cost.train_hours))


def failed_record(spec: RunSpec, error: BaseException, command: str | None) -> RunRecord:
    """The record of a cell that broke."""
    return _unmeasured(spec, Status.FAILED, f"{type(error).__name__}: {error}", command)


def _unmeasured(spec: RunSpec, status: Status, error: str, command: str | None) -> RunRecord:
    return RunRecord(spec.run_id, spec, status, provenance=gather("none", None, device_name(), command), error=error)


def _measure(cell: Cell, paths: RunPaths, options: Options) -> RunRecord:
    method: Detector[Any] = load_adapter(cell.spec.method).Adapter(cell.config, options.device)
    fit = take_weights(method, cell, options)
    method.set_vocabulary(cell.tested.vocabulary)
    split = cell.tested.split
    test, predicted = _predicted(method, cell, split.test, options.progress)
    write_predictions(paths.predictions, predicted.detections)
    artifacts = [Artifact("predictions", paths.predictions.name, file_sha256(paths.predictions))]
    val_set = None
    if needs_val(cell) and split.val:
        val, val_predicted = _predicted(method, cell, split.val, options.progress)
        write_predictions(paths.predictions_val, val_predicted.detections)
        artifacts.append(Artifact("predictions_val", paths.predictions_val.name, file_sha256(paths.predictions_val)))
        val_set = cell.tested.scored(val, val_predicted.detections)
    test_set = cell.tested.scored(test, predicted.detections)
    scored = bool(cell.task.evaluators)  # a task for pre-training is a fit and nothing else
    scores = score(cell.task.evaluators, test_set, val_set) if scored else Scores({})
    sha256 = fit.record.checkpoint.sha256 if fit else cell.spec.weights_sha256
    return RunRecord(
        run_id=cell.spec.run_id,
        spec=cell.spec,
        status=Status.OK,
        metrics=scores.metrics,
        per_class=scores.per_class,
        per_scene=scores.per_scene,
        per_super=scores.per_super,
        intervals={**intervals(test_set), **scores.intervals} if scored else {},
        cost=measure_cost(method, cell, test, predicted, fit.record.train_hours if fit else None),
        artifacts=tuple(artifacts),
        provenance=gather(str(cell.spec.weights), sha256, device_name(), options.command),
        facts={
            "test_images": len(test),
            "test_boxes": sum(len(s.annotations) for s in test),
            **({"basis": dict(scores.basis)} if scores.basis else {}),
            **_repairs(cell.dataset),
            **({"texts": cell.texts} if cell.texts else {}),
            **_fit_facts(fit),
            **ledger_facts(cell, scores.per_class),
        },
    )


def take_weights(method: Detector[Any], cell: Cell, options: Options) -> FinishedFit | None:
    """Give a method the weights that a cell names; a fit that is not here is trained now.

    Raises MissingWeightsError and MissingDeviceError before anything is trained, also for what only predict reads.
    """
    if cell.spec.weights is WeightsOrigin.RANDOM:
        method.build_random(cell.spec.seed)
        return None
    if cell.fit is None:
        take_released(method, cell.spec)
        return None
    helper = method.helper_weights(cell.config)
    if helper:
        helper.find()
    fit = ensure_fit(cell.fit, options)
    method.load(fit.checkpoint)
    return fit


def _repairs(dataset: Dataset) -> dict[str, Any]:
    """What was repaired while the annotations were read, by kind: counts only, so that no path is in a record."""
    counts = dataset.repair_counts()
    return {"repairs": dict(sorted(counts.items()))} if counts else {}


def _fit_facts(fit: FinishedFit | None) -> dict[str, Any]:
    return {"fit": {"fit_id": fit.record.fit_id, **fit.record.facts}} if fit else {}


def needs_val(cell: Cell) -> bool:
    """Whether an evaluator chooses a threshold on the validation part, and the task tests the classes it fits on."""
    return bool(CHOOSE_ON_VAL & set(cell.task.evaluators)) and cell.task.fit_on is cell.task.test_on


def _predicted(
    method: Detector[Any], cell: Cell, image_ids: Sequence[int], progress: Progress | None
) -> tuple[list[Sample], Prediction]:
    """Samples of those images, and what the method detects in them."""
    samples = cell.tested.samples(image_ids)
    cell.dataset.ensure([sample.image_id for sample in samples], progress)
    return samples, predict(method, cell, samples, progress)
