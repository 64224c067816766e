"""From what was asked for to cells: names resolved, settings checked, digests known, what cannot work refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import ModuleType
from typing import Any

from benchmark.core.canonical import field_names
from benchmark.core.errors import RefusedError, UnknownNameError
from benchmark.core.method import (
    Capability,
    MethodInfo,
    StartingFit,
    WeightsOrigin,
)
from benchmark.core.plugins import base_method, list_names, load, load_adapter, public_name
from benchmark.core.sample import Dataset, Split
from benchmark.core.settings import identifying_params, make_config
from benchmark.core.spec import FitSpec, Job, RunRequest, RunSpec
from benchmark.core.task import Task
from benchmark.core.text import TextEncoder
from benchmark.core.vocabulary import Vocabulary
from benchmark.harness.data import (
    WORDINGS,
    dataset_label,
    default_data,
    make_vocabulary,
    open_dataset,
    split_wording,
)
from benchmark.harness.pretrained import starting_from
from benchmark.harness.provenance import has_gpu
from benchmark.harness.weights import expected_sha256

PROFILES = ("smoke", "quick", "demo", "paper")
Opener = Callable[[str, Sequence[str]], Dataset]
Wording = Callable[[Dataset, Sequence[int], str], Vocabulary]


@dataclass(frozen=True)
class Cell:
    """A request with everything resolved but the seed; also what execution works from."""

    task: Task
    info: MethodInfo
    module: ModuleType
    config: Any
    dataset: Dataset
    split: Split
    vocabulary: Vocabulary
    fit_vocabulary: Vocabulary

    @cached_property
    def test_labels(self) -> tuple[int, ...]:
        """Category indices asked for at test time, in vocabulary order."""
        label_of = {category.name: label for label, category in enumerate(self.dataset.categories)}
        return tuple(label_of[name] for name in self.vocabulary.names)

    @cached_property
    def fit_labels(self) -> tuple[int, ...]:
        """Category indices of the fit, in vocabulary order."""
        return self.task.fit_on.of(self.split)


def expand(request: RunRequest, opened: Opener = open_dataset, worded: Wording = make_vocabulary) -> list[Job]:
    """One job a seed, in `transfer` one a scene and seed.

    Raises before anything runs: unknown names, wrong settings, combinations without meaning.
    opened: how a data set is opened. worded: how a vocabulary is made of its categories. Who expands many requests
    gives ones that remember.
    """
    data, profile = resolve_defaults(request)
    task_name, _, scene = request.task.partition(":")
    task: Task = load("task", task_name)
    name, variant = split_variant(request.method)
    info: MethodInfo = load("method", name)
    refuse(info, task, request)
    off_the_shelf = request.weights is WeightsOrigin.PRETRAINED
    config = profile_config(name, variant, profile, request.params, off_the_shelf=off_the_shelf)
    dataset = opened(data, request.novel)
    if off_the_shelf:
        _refuse_other_classes(info, dataset)
    jobs = []
    for held_out in _held_out(task, scene, dataset):
        first, texts = _spec(request, task, info, config, dataset, profile, held_out, worded)
        jobs += [Job(_with_seed(first, seed), data, request.novel, texts) for seed in request.seeds]
    return jobs


def _held_out(task: Task, scene: str, dataset: Dataset) -> list[str | None]:
    """The scenes to leave out, one cell each; for any other task a single None."""
    if not task.leaves_out_scenes:
        if scene:
            raise RefusedError(f"task '{task.name}' leaves no scene out, so '{task.name}:{scene}' means nothing")
        return [None]
    return [scene] if scene else [*sorted({category.scene for category in dataset.categories})]


def _with_seed(spec: RunSpec, seed: int) -> RunSpec:
    """The same cell with another seed; what its fit starts from keeps its own, so that seeds share it."""
    return replace(spec, seed=seed, fit=replace(spec.fit, seed=seed) if spec.fit else None)


def resolve_defaults(request: RunRequest) -> tuple[str, str]:
    """Data and profile where the user named none: MMIO if it is here, else the built-in set with the demo's profile."""
    data = request.data or default_data()
    if request.profile is not None:
        if request.profile not in PROFILES:
            raise UnknownNameError("profile", request.profile, PROFILES)
        return data, request.profile
    if request.data is None and data == "mmio-synth":
        return data, "demo"
    return data, "paper" if has_gpu() else "quick"


def split_variant(method: str) -> tuple[str, str | None]:
    """`yolov8-s` -> (`yolov8`, `s`); a name without a variant keeps the profile's."""
    name = public_name(method)
    base = base_method(name)
    if base is None:
        raise UnknownNameError("method", method, list_names("method"))
    if base == name:
        return name, None
    variant = name.removeprefix(f"{base}-")
    info: MethodInfo = load("method", base)
    if variant not in info.variants:
        raise UnknownNameError(f"variant of {base}", variant, info.variants)
    return base, variant


def refuse(info: MethodInfo, task: Task, request: RunRequest) -> None:
    """Raise RefusedError for what cannot mean anything, with the reason."""
    able = info.capabilities
    if task.open_vocabulary and Capability.OPEN_VOCABULARY not in able:
        raise RefusedError(
            f"{info.name} has a closed vocabulary: it can only detect the classes it was fitted on, and task "
            f"'{task.name}' asks for others; use --task closed or an open-vocabulary method"
        )
    if request.wording != "canonical" and Capability.OPEN_VOCABULARY not in able:
        raise RefusedError(f"{info.name} reads no class names, so --vocabulary {request.wording} means nothing to it")
    if request.weights is WeightsOrigin.TRAINED_HERE and Capability.TRAINABLE not in able:
        raise RefusedError(f"{info.name} cannot be fitted here; use --weights pretrained")


def _refuse_other_classes(info: MethodInfo, dataset: Dataset) -> None:
    """A closed vocabulary that was fitted elsewhere can only be asked for the classes of there."""
    named = dataset_label(dataset)
    if Capability.OPEN_VOCABULARY not in info.capabilities and info.weights and named not in info.trained_on:
        raise RefusedError(
            f"the released weights of {info.name} detect the classes of {', '.join(info.trained_on)} and no others, "
            f"so they cannot be measured on {named}; fit it there instead"
        )


def profile_config(
    name: str, variant: str | None, profile: str, settings: Mapping[str, Any], *, off_the_shelf: bool = False
) -> Any:
    """The method's Config under a profile, with the user's settings on top.

    off_the_shelf: with what released weights ask for (Adapter.released_settings: the text encoder they were made with).
    """
    module = load_adapter(name)
    asked = module.Adapter.released_settings if off_the_shelf else {}
    chosen = {**module.PROFILES[profile], **asked, **({"variant": variant} if variant else {}), **settings}
    return make_config(module.Config, chosen, name)


def _overrides(config: Any, plain: Any) -> dict[str, Any]:
    """The fields whose values are not those of the profile alone."""
    names = field_names(type(config))  # type: ignore[arg-type]  # mypy does not know that classes are hashable
    return {name: value for name in names if (value := getattr(config, name)) != getattr(plain, name)}


def resolve(spec: RunSpec, dataset: Dataset, texts: Mapping[str, Sequence[str]] | None = None) -> Cell:
    """What execution needs, from the spec and the opened data set; texts: of a wording from a file (Job.texts)."""
    task: Task = load("task", spec.task)
    module = load_adapter(spec.method)
    split = dataset.split(task.rule(spec.held_out))
    return Cell(
        task=task,
        info=load("method", spec.method),
        module=module,
        config=make_config(module.Config, spec.params, spec.method),
        dataset=dataset,
        split=split,
        vocabulary=make_vocabulary(dataset, task.test_on.of(split), spec.wording, texts),
        fit_vocabulary=make_vocabulary(dataset, task.fit_on.of(split), "canonical"),
    )


def _spec(
    request: RunRequest,
    task: Task,
    info: MethodInfo,
    config: Any,
    dataset: Dataset,
    profile: str,
    held_out: str | None,
    worded: Wording,
) -> tuple[RunSpec, dict[str, tuple[str, ...]]]:
    """Of the first seed; and the texts of a wording that a file gave."""
    module = load_adapter(info.name)
    off_the_shelf = request.weights is WeightsOrigin.PRETRAINED
    plain = profile_config(info.name, None, profile, {}, off_the_shelf=off_the_shelf)
    split = dataset.split(task.rule(held_out))
    encoder = _encoder_identity(module.Adapter.text_encoder(config), may_be_absent=off_the_shelf)
    vocabulary = worded(dataset, task.test_on.of(split), task.wording or request.wording)
    from_file = split_wording(vocabulary.wording)[0] not in WORDINGS
    fit = None
    if request.weights is WeightsOrigin.TRAINED_HERE:
        fit_vocabulary = worded(dataset, task.fit_on.of(split), "canonical")
        fit = _fit_spec(info, config, dataset, split, fit_vocabulary, request.seeds[0])
        fit = starting_from(fit, request.from_fit) if request.from_fit else fit
    elif request.from_fit:
        raise RefusedError(f"--from-fit means nothing to weights '{request.weights}': nothing is fitted")
    spec = RunSpec(
        method=info.name,
        method_version=info.version,
        task=task.name,
        task_version=task.version,
        dataset=dataset_label(dataset),
        dataset_version=dataset.info.version,
        dataset_digest=dataset.digest,
        split_digest=split.digest,
        wording=vocabulary.wording,
        vocabulary_digest=vocabulary.digest,
        profile=profile,
        params=identifying_params(config),
        overrides=_overrides(config, plain),
        protocol=_protocol(task),
        seed=request.seeds[0],
        weights=request.weights,
        text_encoder=encoder,
        weights_sha256=expected_sha256(module.Adapter.released_weights(config)) if off_the_shelf else None,
        fit=fit,
        held_out=held_out,
    )
    return spec, dict(zip(vocabulary.names, vocabulary.prompts, strict=True)) if from_file else {}


def _fit_spec(
    info: MethodInfo,
    config: Any,
    dataset: Dataset,
    split: Split,
    vocabulary: Vocabulary,
    seed: int,
) -> FitSpec:
    module = load_adapter(info.name)
    start: StartingFit | None = module.Adapter.starting_fit(config)
    spec = FitSpec(
        method=info.name,
        method_version=info.version,
        params=identifying_params(config),
        dataset=dataset_label(dataset),
        dataset_version=dataset.info.version,
        dataset_digest=dataset.digest,
        split_rule=split.rule,
        split_digest=split.fit_digest,
        vocabulary_digest=vocabulary.digest,
        seed=seed,
        text_encoder=_encoder_identity(module.Adapter.text_encoder(config)),
        weights_sha256=expected_sha256(module.Adapter.starting_weights(config)),
    )
    if start is None:
        return spec
    start_config = make_config(load_adapter(start.method).Config, start.params, start.method)
    start_info: MethodInfo = load("method", start.method)
    return replace(spec, start=_fit_spec(start_info, start_config, dataset, split, vocabulary, start.seed))


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


def _protocol(task: Task) -> dict[str, Any]:
    return {
        "evaluators": {name: load("evaluator", name).version for name in task.evaluators},
        "max_detections": task.max_detections,
        "score_threshold": task.score_threshold,
        "nms_iou": task.nms_iou,
    }
