"""Training is a cell of its own: a finished fit is kept under its fit_id and reused by every cell that needs it."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.core.canonical import file_sha256
from benchmark.core.detector import Detector
from benchmark.core.errors import RecordError, RefusedError
from benchmark.core.files import held
from benchmark.core.paths import FitPaths, Home, Results
from benchmark.core.plugins import load_adapter
from benchmark.core.record import Artifact, FitRecord
from benchmark.core.sample import Dataset, Progress, Sample
from benchmark.core.settings import make_config
from benchmark.core.spec import FitSpec
from benchmark.harness.data import make_vocabulary
from benchmark.harness.provenance import device_name, gather
from benchmark.records.codec import decode_fit, encode
from benchmark.records.store import write_atomic
from benchmark.tracking.jsonl import JsonLines
from benchmark.tracking.mirror import FitMirror


@dataclass(frozen=True)
class Fit:
    """A finished fit: its record and where its checkpoint lies."""

    record: FitRecord
    checkpoint: Path


@dataclass(frozen=True)
class FitOptions:
    """How, not what: none of this is part of an id."""

    device: str = "auto"
    refit: bool = False
    command: str | None = None
    progress: Progress | None = None
    on_event: Callable[[Mapping[str, Any]], None] | None = None


def find_fit(spec: FitSpec) -> Fit | None:
    """The finished fit on this machine, else the one that ships with the results, else None."""
    for path in (Home.find().fit(spec.fit_id).record, Results.find().fit_record(spec.fit_id)):
        if path.is_file():
            record = decode_fit(path.read_text(encoding="utf-8"))
            checkpoint = path.parent / record.checkpoint.uri
            if file_sha256(checkpoint) != record.checkpoint.sha256:
                raise RecordError(
                    f"{checkpoint}: its bytes are not those that {path} names; use --refit to train again"
                )
            return Fit(record, checkpoint)
    return None


def ensure_fit(spec: FitSpec, dataset: Dataset, options: FitOptions) -> Fit:
    """The finished fit of that spec: found, or trained now (continuing what an earlier run left)."""
    paths = Home.find().fit(spec.fit_id)
    with held(paths.lock, f"trains {spec.fit_id}"):
        if options.refit and paths.root.is_dir():
            for path in paths.root.iterdir():
                if path != paths.lock:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
        found = None if options.refit else find_fit(spec)
        return found or _train(spec, dataset, paths, options)


def _train(spec: FitSpec, dataset: Dataset, paths: FitPaths, options: FitOptions) -> Fit:
    # Only the asked-for fit is trained again; what it starts from is kept.
    start = _start(spec, spec.start, dataset, replace(options, refit=False)) if spec.start else None
    module = load_adapter(spec.method)
    config = make_config(module.Config, spec.params, spec.method)
    split = dataset.split(spec.split_rule)
    vocabulary = make_vocabulary(dataset, tuple(sorted(split.base)), "canonical")
    if (split.fit_digest, vocabulary.digest, dataset.digest) != (
        spec.split_digest,
        spec.vocabulary_digest,
        spec.dataset_digest,
    ):
        raise RefusedError(
            f"fit {spec.fit_id}: the data set on this machine is not the one the spec was made for; plan it again"
        )
    train = fit_samples(dataset, split.train, split.base, config.train_images, spec.seed)
    val = fit_samples(dataset, split.val, split.base, None, spec.seed)
    dataset.ensure([sample.image_id for sample in (*train, *val)], options.progress)
    method: Detector[Any] = module.Adapter(config, options.device)
    with JsonLines(paths.events) as events, FitMirror(spec) as mirror:

        def report(event: Mapping[str, Any]) -> None:
            events.event(event)
            mirror.event(event)
            if options.on_event:
                options.on_event({"fit": spec.method, **event})

        events.event({"fit_id": spec.fit_id, "train_images": len(train), "val_images": len(val)})
        result = method.fit(train, val, vocabulary, spec.seed, paths.root, start.checkpoint if start else None, report)
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
    return Fit(record, result.checkpoint)


def _start(spec: FitSpec, start: FitSpec, dataset: Dataset, options: FitOptions) -> Fit:
    """What a fit starts from: one on the same data is trained where it is missing, a pre-training has to be here."""
    if start.dataset_digest == spec.dataset_digest:
        return ensure_fit(start, dataset, options)
    found = find_fit(start)
    if found is None:
        raise RefusedError(
            f"fit {spec.fit_id} starts from {start.fit_id}, a pre-training on {start.dataset} that is not on "
            "this machine; make it first with --task pretrain"
        )
    return found


def fit_samples(
    dataset: Dataset, ids: Sequence[int], classes: Sequence[int], limit: int | None, seed: int
) -> list[Sample]:
    """Samples whose labels index the sorted `classes`; at most `limit` of them, drawn by whole groups (seeded)."""
    mapping = np.full(len(dataset.categories), -1, np.int64)
    mapping[sorted(classes)] = np.arange(len(classes))
    chosen = [dataset.samples[i] for i in sorted(ids)]
    if limit is not None and len(chosen) > limit:
        chosen = _by_groups(chosen, limit, seed)
    return [replace(sample, annotations=sample.annotations.relabel(mapping)) for sample in chosen]


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
