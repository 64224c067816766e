"""One cell, straight down: data, split, vocabulary, method, fit, predict, evaluate, record."""

from __future__ import annotations

import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from benchmark.core.canonical import file_sha256
from benchmark.core.detections import Detections
from benchmark.core.detector import Detector
from benchmark.core.errors import BenchError, BlockedError, MissingDeviceError, RefusedError
from benchmark.core.evaluation import ScoredSet, Scores
from benchmark.core.method import WeightsOrigin
from benchmark.core.paths import Home, RunPaths
from benchmark.core.record import Artifact, Cost, RunRecord, Status
from benchmark.core.sample import Dataset, Progress, Sample
from benchmark.core.spec import FitSpec, Job, RunSpec
from benchmark.evaluators.scoring.score import score
from benchmark.evaluators.statistics.bootstrap import intervals
from benchmark.harness.data import federation_of, open_dataset
from benchmark.harness.expand import Cell, resolve
from benchmark.harness.fitting import Fit, FitOptions, ensure_fit, find_fit
from benchmark.harness.images import batches, read_image
from benchmark.harness.ledger import ledger_facts
from benchmark.harness.provenance import device_name, gather, has_gpu
from benchmark.harness.weights import needed_by, take_released
from benchmark.records.codec import decode_run, encode
from benchmark.records.predictions import write_predictions
from benchmark.records.store import write_atomic

CHOOSE_ON_VAL = frozenset(("operating_point", "inspection"))
"""evaluators that read a threshold off the validation part"""
_BATCH = 16
_TIMED_IMAGES = 20


@dataclass(frozen=True)
class Options:
    """How, not what: none of this is part of an id."""

    fit: FitOptions = field(default_factory=FitOptions)
    force: bool = False
    progress: Progress | None = None


def finished(spec: RunSpec) -> RunRecord | None:
    """The good record of that cell on this machine, or None."""
    path = Home.find().run(spec.run_id).record
    if not path.is_file():
        return None
    record = decode_run(path.read_text(encoding="utf-8"))
    return record if record.status is Status.OK else None


def execute(job: Job, options: Options) -> RunRecord:
    """Run one cell and write its record. A missing weight or GPU ends in a blocked record; other errors are raised."""
    spec, paths = job.spec, Home.find().run(job.spec.run_id)
    done = None if options.force or options.fit.refit else finished(spec)
    if done:
        return done
    paths.root.mkdir(parents=True, exist_ok=True)
    write_atomic(paths.spec, encode(job))
    try:
        record = _measure(job, paths, options)
    except BlockedError as error:
        record = RunRecord(
            spec.run_id,
            spec,
            Status.BLOCKED,
            provenance=gather("none", None, device_name(), options.fit.command),
            error=f"{error.lacks}: {error}",
        )
    write_atomic(paths.record, encode(record))
    return record


def failed_record(spec: RunSpec, error: BaseException, command: str | None) -> RunRecord:
    """The record of a cell that broke."""
    return RunRecord(
        spec.run_id,
        spec,
        Status.FAILED,
        provenance=gather("none", None, device_name(), command),
        error=f"{type(error).__name__}: {error}",
    )


def _measure(job: Job, paths: RunPaths, options: Options) -> RunRecord:
    spec = job.spec
    dataset = open_dataset(job.data, job.novel)
    cell = resolve(spec, dataset, job.texts)
    if (dataset.digest, cell.split.digest) != (spec.dataset_digest, spec.split_digest):
        raise RefusedError(f"run {spec.run_id}: the data set on this machine is not the one the spec was made for")
    method: Detector[Any] = cell.module.Adapter(cell.config, options.fit.device)
    fit = take_weights(method, cell, spec, options.fit)
    method.set_vocabulary(cell.vocabulary)
    test = test_samples(cell, cell.split.test)
    dataset.ensure([sample.image_id for sample in test], options.progress)
    detections, images_per_s = _predict(method, cell, test, options.progress)
    write_predictions(paths.predictions, detections)
    artifacts = [Artifact("predictions", paths.predictions.name, file_sha256(paths.predictions))]
    val_set = None
    if needs_val(cell) and cell.split.val:
        val = test_samples(cell, cell.split.val)
        dataset.ensure([sample.image_id for sample in val], options.progress)
        val_detections, _ = _predict(method, cell, val, options.progress)
        write_predictions(paths.predictions_val, val_detections)
        artifacts.append(Artifact("predictions_val", paths.predictions_val.name, file_sha256(paths.predictions_val)))
        val_set = scored_set(cell, val, val_detections)
    test_set = scored_set(cell, test, detections)
    scored = bool(cell.task.evaluators)  # a task for pre-training is a fit and nothing else
    scores = score(cell.task.evaluators, test_set, val_set) if scored else Scores({})
    sha256 = fit.record.checkpoint.sha256 if fit else spec.weights_sha256
    return RunRecord(
        run_id=spec.run_id,
        spec=spec,
        status=Status.OK,
        metrics=scores.metrics,
        per_class=scores.per_class,
        per_scene=scores.per_scene,
        per_super=scores.per_super,
        intervals=intervals(test_set) if scored else {},
        cost=_cost(method, cell, test, images_per_s, fit),
        artifacts=tuple(artifacts),
        provenance=gather(str(spec.weights), sha256, device_name(), options.fit.command),
        facts={
            "test_images": len(test),
            "test_boxes": sum(len(s.annotations) for s in test),
            **_repairs(dataset),
            **({"texts": job.texts} if job.texts else {}),
            **_fit_facts(fit),
            **ledger_facts(cell, spec, scores.per_class),
        },
    )


def take_weights(method: Detector[Any], cell: Cell, spec: RunSpec, options: FitOptions) -> Fit | None:
    """Give a method the weights that a spec names; a fit that is not here is trained now.

    Raises MissingWeightsError and MissingDeviceError before anything is trained, for what only predict reads as well.
    """
    if spec.weights is WeightsOrigin.RANDOM:
        method.build_random(spec.seed)
        return None
    if spec.fit is None:
        take_released(method, spec)
        return None
    _ready_to_train(cell, spec, options)
    fit = ensure_fit(spec.fit, cell.dataset, options)
    method.load(fit.checkpoint)
    return fit


def _ready_to_train(cell: Cell, spec: RunSpec, options: FitOptions) -> None:
    """Whatever is missing is said now: it would end the cell hours later, or make it last for days."""
    to_train: list[FitSpec] = []
    for fit in reversed(spec.fits):  # what a finished fit started from is not needed any more
        if find_fit(fit) and not (options.refit and fit is spec.fit):
            break
        to_train.append(fit)
    for weights in needed_by(spec, to_train):
        weights.find()
    if to_train and spec.profile in cell.info.gpu_profiles and options.device == "auto" and not has_gpu():
        command = options.command or f"bench run --method {spec.method} --task {spec.task}"
        raise MissingDeviceError(
            f"there is no GPU here, and without one a fit of {spec.method} in profile {spec.profile} takes hours or "
            f"days; the same command runs it on a GPU, and on this processor all the same: {command} --device cpu"
        )


def _repairs(dataset: Dataset) -> dict[str, Any]:
    """What reading the annotations mended, by kind: counts only, so that no path of the user's is in a record."""
    counts = dataset.repair_counts()
    return {"repairs": dict(sorted(counts.items()))} if counts else {}


def _fit_facts(fit: Fit | None) -> dict[str, Any]:
    return {"fit": {"fit_id": fit.record.fit_id, **fit.record.facts}} if fit else {}


def test_samples(cell: Cell, ids: Sequence[int]) -> list[Sample]:
    """Samples whose annotations hold only the classes asked for, their labels in vocabulary order."""
    mapping = np.full(len(cell.dataset.categories), -1, np.int64)
    mapping[list(cell.test_labels)] = np.arange(len(cell.test_labels))
    samples = (cell.dataset.samples[i] for i in sorted(ids))
    return [replace(sample, annotations=sample.annotations.relabel(mapping)) for sample in samples]


def needs_val(cell: Cell) -> bool:
    """Whether an evaluator chooses a threshold on the validation part, and the classes asked for are those there."""
    return bool(CHOOSE_ON_VAL & set(cell.task.evaluators)) and cell.task.fit_on is cell.task.test_on


def scored_set(cell: Cell, samples: Sequence[Sample], detections: Mapping[int, Detections]) -> ScoredSet:
    """What the evaluators get."""
    lists = federation_of(cell.dataset, cell.test_labels)
    return ScoredSet(
        cell.vocabulary.names,
        samples,
        detections,
        {category.scene: category.super_category for category in cell.dataset.categories},
        lists.frequency,
        lists.negative,
        lists.not_exhaustive,
        tuple(place for place, label in enumerate(cell.test_labels) if label in cell.split.novel),
    )


def _predict(
    method: Detector[Any], cell: Cell, samples: Sequence[Sample], progress: Progress | None
) -> tuple[dict[int, Detections], float]:
    """Detections by image_id, and images a second with decoding overlapped."""
    found: dict[int, Detections] = {}
    steps: Iterable[Any] = batches(samples, _BATCH)
    if progress:
        steps = progress("predict", steps, -(-len(samples) // _BATCH))
    started = time.perf_counter()
    for chunk, images in steps:
        answers = _ask(method, cell, chunk, images)
        if len(answers) != len(chunk):
            raise BenchError(f"{cell.info.name}: predict gave {len(answers)} answers for {len(chunk)} images")
        for sample, answer in zip(chunk, answers, strict=True):
            if len(answer) and int(answer.labels.max()) >= len(cell.vocabulary):
                raise BenchError(
                    f"{cell.info.name}: label {int(answer.labels.max())} of a vocabulary of {len(cell.vocabulary)}"
                )
            found[sample.image_id] = answer.best(cell.task.max_detections)
    return found, len(samples) / max(time.perf_counter() - started, 1e-9)


def _ask(method: Detector[Any], cell: Cell, samples: Sequence[Sample], images: Sequence[Any]) -> list[Detections]:
    """One prediction of a batch of images; an oracle is shown their ground truth first."""
    method.show_ground_truth([sample.annotations for sample in samples])
    return method.predict(images, cell.task.limits)


def _cost(method: Detector[Any], cell: Cell, samples: Sequence[Sample], images_per_s: float, fit: Fit | None) -> Cost:
    timed = [(sample, read_image(sample.path)) for sample in samples[:_TIMED_IMAGES]]
    times_s = _latencies(lambda pair: _ask(method, cell, [pair[0]], [pair[1]]), timed)
    size = method.size()
    return Cost(
        parameters=size.parameters,
        parameters_trained=size.parameters_trained,
        gflops=size.gflops,
        image_side_px=size.image_side_px,
        latency_p50_s=round(statistics.median(times_s), 6) if times_s else None,
        latency_p95_s=round(float(np.quantile(times_s, 0.95)), 6) if times_s else None,
        images_per_s=round(images_per_s, 3),
        peak_memory_bytes=_peak_memory_bytes(),
        train_hours=round(fit.record.train_hours, 4) if fit else None,
        device=device_name(),
        precision="fp32",
    )


def _latencies(predict_one: Callable[[Any], Any], images: Sequence[Any]) -> list[float]:
    for image in images[:2]:
        predict_one(image)
    times_s = []
    for image in images:
        started = time.perf_counter()
        predict_one(image)
        times_s.append(time.perf_counter() - started)
    return times_s


def _peak_memory_bytes() -> int:
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
