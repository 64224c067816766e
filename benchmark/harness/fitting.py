"""Fits: each is trained once, kept under its fit_id, and shared by every cell that needs it."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmark.core.canonical import file_sha256
from benchmark.core.detector import Detector
from benchmark.core.errors import MissingDeviceError, RecordError, RefusedError
from benchmark.core.files import held
from benchmark.core.paths import FitPaths, Home, Results
from benchmark.core.plugins import load_adapter
from benchmark.core.record import Artifact, FitRecord
from benchmark.core.sample import Progress, Sample
from benchmark.core.spec import FitSpec
from benchmark.harness.cell import FitCell, Scope
from benchmark.harness.provenance import device_name, gather, has_gpu
from benchmark.records.codec import encode
from benchmark.records.store import read_fit, write_atomic
from benchmark.tracking.jsonl import JsonLines
from benchmark.tracking.mirror import FitMirror


@dataclass(frozen=True)
class FinishedFit:
    """The record of a fit, and where its checkpoint lies."""

    record: FitRecord
    checkpoint: Path


@dataclass(frozen=True)
class Options:
    """How a cell is measured and its fits are trained; no part of any id.

    force: a finished cell is measured again; refit: its own fit is also trained again. command: what the user typed,
    for records and messages. on_event: called with each event of a training.
    """

    device: str = "auto"
    force: bool = False
    refit: bool = False
    command: str | None = None
    progress: Progress | None = None
    on_event: Callable[[Mapping[str, Any]], None] | None = None


def find_fit(spec: FitSpec) -> FinishedFit | None:
    """The finished fit on this machine, else the one that ships with the results, else None.

    Raises RecordError where its bytes are not those that its record names.
    """
    path = next((path for path in _records(spec.fit_id) if path.is_file()), None)
    if path is None:
        return None
    record = read_fit(path)
    checkpoint = path.parent / record.checkpoint.uri
    if file_sha256(checkpoint) != record.checkpoint.sha256:
        raise RecordError(f"{checkpoint}: its bytes are not those that {path} names; use --refit to train again")
    return FinishedFit(record, checkpoint)


def is_finished(spec: FitSpec) -> bool:
    """Whether there is a finished fit, here or among the results; its bytes are not looked at."""
    return any(path.is_file() for path in _records(spec.fit_id))


def _records(fit_id: str) -> tuple[Path, Path]:
    """Where the record of a finished fit may lie, this machine's first; its checkpoint is beside it."""
    return Home.find().fit(fit_id).record, Results.find().fit_record(fit_id)


def ensure_fit(fit: FitCell, options: Options) -> FinishedFit:
    """The finished fit: found, or trained now (continuing what an earlier run left).

    Raises MissingWeightsError and MissingDeviceError before anything is trained, this fit or one that it starts from.
    """
    paths = Home.find().fit(fit.spec.fit_id)
    with held(paths.lock, f"trains {fit.spec.fit_id}"):
        if options.refit and paths.root.is_dir():
            for path in paths.root.iterdir():
                if path != paths.lock:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
        finished = None if options.refit else find_fit(fit.spec)
        return finished or _train(fit, paths, options)


def _train(fit: FitCell, paths: FitPaths, options: Options) -> FinishedFit:
    scope = _trainable(fit, options)
    # Only the asked-for fit is trained again; what it starts from is kept.
    start = ensure_fit(fit.start, replace(options, refit=False)) if fit.start else None
    train = chosen_samples(scope.samples(scope.split.train), fit.config.train_images, fit.spec.seed)
    val = scope.samples(scope.split.val)
    scope.dataset.ensure([sample.image_id for sample in (*train, *val)], options.progress)
    method: Detector[Any] = load_adapter(fit.spec.method).Adapter(fit.config, options.device)
    spec = fit.spec
    with JsonLines(paths.events) as events, FitMirror(spec) as mirror:

        def report(event: Mapping[str, Any]) -> None:
            events.event(event)
            mirror.event(event)
            if options.on_event:
                options.on_event({"fit": spec.method, **event})

        events.event({"fit_id": spec.fit_id, "train_images": len(train), "val_images": len(val)})
        checkpoint = start.checkpoint if start else None
        result = method.fit(train, val, scope.vocabulary, spec.seed, paths.root, checkpoint, report)
        sha256 = file_sha256(result.checkpoint)
        record = FitRecord(
            fit_id=spec.fit_id,
            spec=spec,
            checkpoint=Artifact("checkpoint", os.path.relpath(result.checkpoint, paths.root), sha256),
            train_hours=result.train_hours,
            facts={"train_images": len(train), "train_boxes": sum(len(s.annotations) for s in train), **result.facts},
            provenance=gather("trained here", sha256, device_name(), options.command),
        )
        write_atomic(paths.record, encode(record))
        mirror.finished(record)
    return FinishedFit(record, result.checkpoint)


def _trainable(fit: FitCell, options: Options) -> Scope:
    """What is trained on. Whatever is missing is said now: it would end the cell hours later, or take days."""
    spec, scope = fit.spec, fit.scope
    if scope is None:
        raise RefusedError(
            f"fit {spec.fit_id} is a pre-training on {spec.dataset} that is not here; make it first with "
            "--task pretrain"
        )
    here = (scope.dataset.digest, scope.split.fit_digest, scope.vocabulary.digest)
    if here != (spec.dataset_digest, spec.split_digest, spec.vocabulary_digest):
        raise RefusedError(
            f"fit {spec.fit_id}: the data set on this machine is not the one that its spec names; plan it again"
        )
    weights = load_adapter(spec.method).Adapter.starting_weights(fit.config)
    if weights:
        weights.find()
    if fit.profile in fit.info.gpu_profiles and options.device == "auto" and not has_gpu():
        command = options.command or f"bench run --method {spec.method}"
        raise MissingDeviceError(
            f"there is no GPU here, and without one a fit of {spec.method} in profile {fit.profile} takes hours or "
            f"days; the same command runs it on a GPU, and on this processor all the same: {command} --device cpu"
        )
    return scope


def chosen_samples(samples: Sequence[Sample], limit: int | None, seed: int) -> list[Sample]:
    """All of them, or at most `limit`, drawn by whole groups (seeded)."""
    return [*samples] if limit is None or len(samples) <= limit else _by_groups(samples, limit, seed)


def _by_groups(samples: Sequence[Sample], limit: int, seed: int) -> list[Sample]:
    groups: dict[str, list[Sample]] = {}
    for sample in samples:
        groups.setdefault(sample.group, []).append(sample)
    names = sorted(groups)
    random.Random(seed).shuffle(names)  # noqa: S311 - a draw of images, no secret
    taken: list[Sample] = []
    for name in names:
        if len(taken) + len(groups[name]) <= limit:
            taken.extend(groups[name])
    return sorted(taken, key=lambda sample: sample.image_id)
