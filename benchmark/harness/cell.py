"""A cell: one measurement with everything it needs resolved, once; made from a request, or from a planned job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from benchmark.core.canonical import field_names
from benchmark.core.detections import Detections
from benchmark.core.errors import RefusedError
from benchmark.core.evaluation import ScoredSet
from benchmark.core.method import Capability, MethodInfo, StartingFit, WeightsOrigin
from benchmark.core.plugins import load, load_adapter
from benchmark.core.sample import Dataset, Sample, Split
from benchmark.core.settings import identifying_params
from benchmark.core.spec import ALLOW_OVERLAP, FitSpec, Job, RunRequest, RunSpec
from benchmark.core.task import Classes, Task
from benchmark.core.text import TextEncoder
from benchmark.core.vocabulary import Vocabulary
from benchmark.core.weights import ReleasedWeights
from benchmark.datasets.build.novel import same_defects
from benchmark.harness.data import WORDINGS, DataSets, dataset_label, federation_of, split_wording
from benchmark.harness.request import (
    config_of,
    profile_config,
    refuse_meaningless,
    resolve_defaults,
    settled_config,
    split_variant,
)
from benchmark.harness.start import starting_from


@dataclass(frozen=True, eq=False)
class Scope:
    """Classes of a split under the names they are asked for: what a fit is trained on, or what is tested."""

    dataset: Dataset
    split: Split
    vocabulary: Vocabulary

    @cached_property
    def labels(self) -> tuple[int, ...]:
        """Category indices, in vocabulary order."""
        label_of = {category.name: label for label, category in enumerate(self.dataset.categories)}
        return tuple(label_of[name] for name in self.vocabulary.names)

    def samples(self, image_ids: Sequence[int]) -> list[Sample]:
        """Those images in ascending order, with the boxes of these classes alone; labels index the vocabulary."""
        mapping = np.full(len(self.dataset.categories), -1, np.int64)
        mapping[list(self.labels)] = np.arange(len(self.labels))
        chosen = (self.dataset.samples[i] for i in sorted(image_ids))
        return [replace(sample, annotations=sample.annotations.relabel(mapping)) for sample in chosen]

    def scored(self, samples: Sequence[Sample], detections: Mapping[int, Detections]) -> ScoredSet:
        """What the evaluators get: samples of this scope, and detections by image_id."""
        lists = federation_of(self.dataset, self.labels)
        return ScoredSet(
            self.vocabulary.names,
            samples,
            detections,
            {category.scene: category.super_category for category in self.dataset.categories},
            lists.frequency,
            lists.negative,
            lists.not_exhaustive,
            tuple(place for place, label in enumerate(self.labels) if label in self.split.novel),
        )


@dataclass(frozen=True, eq=False)
class FitCell:
    """A fit with what its training needs. scope: None for a pre-training on other data, which is never trained here."""

    spec: FitSpec
    info: MethodInfo
    config: Any
    profile: str
    scope: Scope | None
    start: FitCell | None

    @property
    def chain(self) -> tuple[FitCell, ...]:
        """The fits it starts from, the first to train first, and itself."""
        return (*(self.start.chain if self.start else ()), self)


@dataclass(frozen=True, eq=False)
class Cell:
    """One measurement: its spec, and the objects that the spec names.

    data, novel: as the user gave them, no part of the id. texts: class name -> what it is asked with, of a wording that
    a file gave; else empty. fit: None where nothing is fitted.
    """

    spec: RunSpec
    data: str
    novel: tuple[str, ...]
    task: Task
    info: MethodInfo
    config: Any
    tested: Scope
    fit: FitCell | None
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def job(self) -> Job:
        """What another process needs to make the same cell."""
        return Job(self.spec, self.data, self.novel, self.texts)

    @property
    def dataset(self) -> Dataset:
        """The opened data set."""
        return self.tested.dataset

    @property
    def fits(self) -> tuple[FitCell, ...]:
        """Every fit it needs, the first to train first."""
        return self.fit.chain if self.fit else ()

    def with_seed(self, seed: int) -> Cell:
        """The same cell with another seed; what its fit starts from keeps its own, so that seeds share it."""
        fit = replace(self.fit, spec=replace(self.fit.spec, seed=seed)) if self.fit else None
        return replace(self, spec=replace(self.spec, seed=seed, fit=fit.spec if fit else None), fit=fit)


def resolve(request: RunRequest, sets: DataSets | None = None) -> list[Cell]:
    """One cell per seed; for `transfer`, one per scene and seed.

    sets: data sets and vocabularies that are kept open between requests.
    Raises before anything runs: unknown names, wrong settings, combinations without meaning.
    """
    sets = sets or DataSets()
    data, profile = resolve_defaults(request)
    task_name, _, scene = request.task.partition(":")
    task: Task = load("task", task_name)
    name, variant = split_variant(request.method)
    info: MethodInfo = load("method", name)
    refuse_meaningless(info, task, request)
    off_the_shelf = request.weights is WeightsOrigin.PRETRAINED
    config = profile_config(name, variant, profile, request.params, off_the_shelf=off_the_shelf)
    dataset = sets.open(data, request.novel)
    if off_the_shelf:
        _refuse_other_classes(info, dataset)
    cells = []
    for held_out in _held_out(task, scene, dataset):
        first = _cell(request, sets, data, profile, task, info, config, held_out)
        cells += [first if seed == first.spec.seed else first.with_seed(seed) for seed in request.seeds]
    return cells


def cell_of(job: Job, sets: DataSets | None = None) -> Cell:
    """The cell of a job that was planned, or whose record is read again; its spec is taken as it is.

    Raises RefusedError where the data set on this machine is not the one of the spec.
    """
    sets, spec = sets or DataSets(), job.spec
    task: Task = load("task", spec.task)
    dataset = sets.open(job.data, job.novel)
    tested = scope_of(sets, dataset, task.rule(spec.held_out), task.test_on, spec.wording, job.texts)
    for what, here, there in (
        ("data set", dataset.digest, spec.dataset_digest),
        ("split", tested.split.digest, spec.split_digest),
        ("class names or prompts", tested.vocabulary.digest, spec.vocabulary_digest),
    ):
        if here != there:
            raise RefusedError(
                f"run {spec.run_id}: {spec.dataset} on this machine is not the data set that its spec names (another "
                f"{what}); build or download the version of the spec, or plan the run again"
            )
    config = config_of(spec)
    fit = None
    if spec.fit is not None:
        scope = scope_of(sets, dataset, task.fitted_rule(spec.held_out), task.fit_on, "canonical")
        fit = _fit_of(spec.fit, spec.profile, scope, config)
    return Cell(spec, job.data, job.novel, task, load("method", spec.method), config, tested, fit, job.texts)


def _cell(
    request: RunRequest,
    sets: DataSets,
    data: str,
    profile: str,
    task: Task,
    info: MethodInfo,
    config: Any,
    held_out: str | None,
) -> Cell:
    """The cell of the first of the requested seeds; `resolve` derives the others from it."""
    dataset = sets.open(data, request.novel)
    tested = scope_of(sets, dataset, task.rule(held_out), task.test_on, task.wording or request.wording)
    fit = None
    if request.weights is WeightsOrigin.TRAINED_HERE:
        scope = scope_of(sets, dataset, task.fitted_rule(held_out), task.fit_on, "canonical")
        fit = _new_fit(info, config, profile, scope, request.seeds[0])
        if request.from_fit:
            changed = starting_from(fit.spec, request.from_fit)
            fit = replace(fit, spec=changed, start=_fit_of(changed.start, profile, None) if changed.start else None)
    vocabulary = tested.vocabulary
    from_file = split_wording(vocabulary.wording)[0] not in WORDINGS
    texts = dict(zip(vocabulary.names, vocabulary.prompts, strict=True)) if from_file else {}
    spec = spec_of(request, profile, task, info, config, tested, fit, held_out)
    return Cell(spec, data, request.novel, task, info, config, tested, fit, texts)


def spec_of(
    request: RunRequest,
    profile: str,
    task: Task,
    info: MethodInfo,
    config: Any,
    tested: Scope,
    fit: FitCell | None,
    held_out: str | None,
) -> RunSpec:
    """The facts of a cell that decide its numbers; of the first seed."""
    off_the_shelf = request.weights is WeightsOrigin.PRETRAINED
    adapter = load_adapter(info.name).Adapter
    changed = request.params or split_variant(request.method)[1]
    plain = profile_config(info.name, None, profile, {}, off_the_shelf=off_the_shelf) if changed else config
    dataset = tested.dataset
    return RunSpec(
        method=info.name,
        method_version=info.version,
        task=task.name,
        task_version=task.version,
        dataset=dataset_label(dataset),
        dataset_version=dataset.info.version,
        dataset_digest=dataset.digest,
        split_digest=tested.split.digest,
        wording=tested.vocabulary.wording,
        vocabulary_digest=tested.vocabulary.digest,
        profile=profile,
        params=identifying_params(config),
        overrides=_overrides(config, plain),
        protocol=_protocol(task) | _overlap(request, task, tested),
        seed=request.seeds[0],
        weights=request.weights,
        text_encoder=_encoder_identity(adapter.text_encoder(config), may_be_absent=off_the_shelf),
        weights_sha256=_expected_sha256(adapter.released_weights(config)) if off_the_shelf else None,
        fit=fit.spec if fit else None,
        held_out=held_out,
    )


def scope_of(
    sets: DataSets,
    dataset: Dataset,
    rule: str,
    classes: Classes,
    wording: str,
    texts: Mapping[str, Sequence[str]] | None = None,
) -> Scope:
    """Those classes of a data set's split, in a wording (see make_vocabulary)."""
    split = dataset.split(rule)
    return Scope(dataset, split, sets.vocabulary(dataset, classes.of(split), wording, texts))


def _new_fit(info: MethodInfo, config: Any, profile: str, scope: Scope, seed: int) -> FitCell:
    """A fit on that scope, after the one that the method starts from."""
    adapter, dataset = load_adapter(info.name).Adapter, scope.dataset
    spec = FitSpec(
        method=info.name,
        method_version=info.version,
        params=identifying_params(config),
        dataset=dataset_label(dataset),
        dataset_version=dataset.info.version,
        dataset_digest=dataset.digest,
        split_rule=scope.split.rule,
        split_digest=scope.split.fit_digest,
        vocabulary_digest=scope.vocabulary.digest,
        seed=seed,
        text_encoder=_encoder_identity(adapter.text_encoder(config)),
        weights_sha256=_expected_sha256(adapter.starting_weights(config)),
    )
    asked: StartingFit | None = adapter.starting_fit(config)
    if asked is None:
        return FitCell(spec, info, config, profile, scope, None)
    start_config = settled_config(asked.method, asked.params)
    start = _new_fit(load("method", asked.method), start_config, profile, scope, asked.seed)
    return FitCell(replace(spec, start=start.spec), info, config, profile, scope, start)


def _fit_of(spec: FitSpec, profile: str, scope: Scope | None, config: Any = None) -> FitCell:
    """The fit of a spec; one on other data than its cell's has no scope."""
    on_cells_data = scope is not None and spec.dataset_digest == scope.dataset.digest
    if config is None:
        config = config_of(spec)
    start = _fit_of(spec.start, profile, scope) if spec.start else None
    return FitCell(spec, load("method", spec.method), config, profile, scope if on_cells_data else None, start)


def _held_out(task: Task, scene: str, dataset: Dataset) -> list[str | None]:
    """The scenes to leave out, one cell each; for any other task a single None."""
    if not task.leaves_out_scenes:
        if scene:
            raise RefusedError(f"task '{task.name}' leaves no scene out, so '{task.name}:{scene}' means nothing")
        return [None]
    return [scene] if scene else [*sorted({category.scene for category in dataset.categories})]


def _refuse_other_classes(info: MethodInfo, dataset: Dataset) -> None:
    """A closed vocabulary that was fitted elsewhere can only be asked for the classes it was fitted on."""
    named = dataset_label(dataset)
    if Capability.OPEN_VOCABULARY not in info.capabilities and info.weights and named not in info.trained_on:
        raise RefusedError(
            f"the released weights of {info.name} detect the classes of {', '.join(info.trained_on)} and no others, "
            f"so they cannot be measured on {named}; fit it there instead"
        )


def _overrides(config: Any, plain: Any) -> dict[str, Any]:
    """The fields whose values are not those of the profile alone."""
    names = field_names(type(config))  # type: ignore[arg-type]  # mypy does not know that classes are hashable
    return {name: value for name in names if (value := getattr(config, name)) != getattr(plain, name)}


def _encoder_identity(name: str | None, *, may_be_absent: bool = False) -> str | None:
    """`minilm@1f2e3d4c5b6a`; where the encoder may be absent, its name alone: the cell will be blocked."""
    if name is None:
        return None
    encoder: TextEncoder = load("text encoder", name)
    reason = encoder.missing()
    if reason and may_be_absent:
        return name
    if reason:
        raise RefusedError(f"text encoder {name}: {reason}")
    return f"{encoder.name}@{encoder.weights_sha256()[:12]}"


def _expected_sha256(weights: ReleasedWeights | None) -> str | None:
    return weights.expected_sha256 if weights else None


def overlapping_names(scope: Scope) -> dict[str, str]:
    """Novel class -> the base class whose defect it is, for a split that the rule of zero-shot did not make."""
    names, split = [category.name for category in scope.dataset.categories], scope.split
    return {names[a]: names[b] for a, b in same_defects(scope.dataset.categories, split.novel, split.base).items()}


def _overlap(request: RunRequest, task: Task, tested: Scope) -> dict[str, bool]:
    """Marks a cell whose novel classes a user named and that are not all novel; raises RefusedError unless allowed."""
    shared = overlapping_names(tested) if request.novel and not task.leaves_out_scenes else {}
    if not shared:
        return {}
    if not request.allow_overlap:
        novel, base = next(iter(shared.items()))
        more = f", and {len(shared) - 1} more are like it" if len(shared) > 1 else ""
        raise RefusedError(
            f"--novel: '{novel}' is not novel: base class '{base}' is the same defect by a name or synonym{more}; hold "
            f"out both, or measure and mark the cell with --{ALLOW_OVERLAP}"
        )
    return {"novel_overlap": True}


def _protocol(task: Task) -> dict[str, Any]:
    return {
        "evaluators": {name: load("evaluator", name).version for name in task.evaluators},
        "max_detections": task.max_detections,
        "score_threshold": task.score_threshold,
        "nms_iou": task.nms_iou,
    }
