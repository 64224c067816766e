"""From what was asked for to cells: names resolved, settings checked, digests known, what cannot work refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from types import ModuleType
from typing import Any

from benchmark.core.errors import RefusedError, UnknownNameError
from benchmark.core.method import (
    Capability,
    MethodInfo,
    StartingFit,
    WeightsOrigin,
    identifying_params,
    make_config,
)
from benchmark.core.plugins import list_names, load, load_adapter, public_name
from benchmark.core.sample import Dataset, Split
from benchmark.core.spec import FitSpec, Job, RunRequest, RunSpec
from benchmark.core.task import Task
from benchmark.core.text import TextEncoder
from benchmark.core.vocabulary import Vocabulary
from benchmark.harness.data import dataset_label, default_data, make_vocabulary, open_dataset
from benchmark.harness.provenance import has_gpu

PROFILES = ("smoke", "quick", "demo", "paper")
Opener = Callable[[str, Sequence[str]], Dataset]


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
        return self.task.test_on.of(self.split)

    @cached_property
    def fit_labels(self) -> tuple[int, ...]:
        """Category indices of the fit, in vocabulary order."""
        return self.task.fit_on.of(self.split)


def expand(request: RunRequest, opened: Opener = open_dataset) -> list[Job]:
    """One job a seed. Raises before anything runs: unknown names, wrong settings, combinations without meaning.

    opened: how a data set is opened; who expands many requests gives one that remembers.
    """
    data, profile = resolve_defaults(request)
    task: Task = load("task", request.task)
    name, variant = split_variant(request.method)
    info: MethodInfo = load("method", name)
    refuse(info, task, request)
    params = profile_params(name, variant, profile, request.params)
    dataset = opened(data, request.novel)
    wording = task.wording or request.wording
    first = _spec(request, task, info, params, dataset, profile, wording, request.seeds[0])
    return [Job(_with_seed(first, seed), data, request.novel) for seed in request.seeds]


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
    known = list_names("method")
    if name in known:
        return name, None
    base, _, variant = name.rpartition("-")
    if base in known:
        info: MethodInfo = load("method", base)
        if variant not in info.variants:
            raise UnknownNameError(f"variant of {base}", variant, info.variants)
        return base, variant
    raise UnknownNameError("method", method, known)


def refuse(info: MethodInfo, task: Task, request: RunRequest) -> None:
    """Raise RefusedError for what cannot mean anything, with the reason."""
    able = info.capabilities
    if task.open_vocabulary and Capability.OPEN_VOCABULARY not in able:
        raise RefusedError(
            f"{info.name} has a closed vocabulary: it can only detect the classes it was fitted on, and task "
            f"'{task.name}' asks for others; use --task closed or an open-vocabulary method"
        )
    if request.wording == "codes" and Capability.OPEN_VOCABULARY not in able:
        raise RefusedError(f"{info.name} reads no class names, so --vocabulary {request.wording} means nothing to it")
    if request.weights is WeightsOrigin.TRAINED_HERE and Capability.TRAINABLE not in able:
        raise RefusedError(f"{info.name} cannot be fitted here; use --weights pretrained")


def profile_params(name: str, variant: str | None, profile: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """All fields of the method's Config under a profile, with the user's settings on top."""
    module = load_adapter(name)
    chosen = {**module.PROFILES[profile], **({"variant": variant} if variant else {}), **settings}
    return all_params(make_config(module.Config, chosen, name))


def all_params(config: Any) -> dict[str, Any]:
    """Every field of a Config; their values are plain, so nothing has to be copied as dataclasses.asdict does."""
    return {field.name: getattr(config, field.name) for field in fields(config)}


def resolve(spec: RunSpec, dataset: Dataset) -> Cell:
    """What execution needs, from the spec and the opened data set."""
    task: Task = load("task", spec.task)
    module = load_adapter(spec.method)
    split = dataset.split(task.split_rule)
    return Cell(
        task=task,
        info=load("method", spec.method),
        module=module,
        config=make_config(module.Config, spec.params, spec.method),
        dataset=dataset,
        split=split,
        vocabulary=make_vocabulary(dataset, task.test_on.of(split), spec.wording),
        fit_vocabulary=make_vocabulary(dataset, task.fit_on.of(split), "canonical"),
    )


def _spec(
    request: RunRequest,
    task: Task,
    info: MethodInfo,
    params: dict[str, Any],
    dataset: Dataset,
    profile: str,
    wording: str,
    seed: int,
) -> RunSpec:
    module = load_adapter(info.name)
    config = make_config(module.Config, params, info.name)
    plain = profile_params(info.name, None, profile, {})
    split = dataset.split(task.split_rule)
    encoder = _encoder_identity(module.Adapter.text_encoder(config))
    vocabulary = make_vocabulary(dataset, task.test_on.of(split), wording)
    fit = None
    if request.weights is WeightsOrigin.TRAINED_HERE:
        fit_vocabulary = make_vocabulary(dataset, task.fit_on.of(split), "canonical")
        fit = _fit_spec(info, params, dataset, split, fit_vocabulary, seed)
    return RunSpec(
        method=info.name,
        method_version=info.version,
        task=task.name,
        task_version=task.version,
        dataset=dataset_label(dataset),
        dataset_version=dataset.info.version,
        dataset_digest=dataset.digest,
        split_digest=split.digest,
        wording=wording,
        vocabulary_digest=vocabulary.digest,
        profile=profile,
        params=identifying_params(config),
        overrides={key: value for key, value in params.items() if value != plain[key]},
        protocol=_protocol(task),
        seed=seed,
        weights=request.weights,
        text_encoder=encoder,
        fit=fit,
    )


def _fit_spec(
    info: MethodInfo,
    params: Mapping[str, Any],
    dataset: Dataset,
    split: Split,
    vocabulary: Vocabulary,
    seed: int,
) -> FitSpec:
    module = load_adapter(info.name)
    config = make_config(module.Config, params, info.name)
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
    )
    if start is None:
        return spec
    start_params = all_params(make_config(load_adapter(start.method).Config, start.params, start.method))
    start_info: MethodInfo = load("method", start.method)
    return replace(spec, start=_fit_spec(start_info, start_params, dataset, split, vocabulary, start.seed))


def _encoder_identity(name: str | None) -> str | None:
    if name is None:
        return None
    encoder: TextEncoder = load("text encoder", name)
    reason = encoder.missing()
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
