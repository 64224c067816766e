"""What a user asks for, checked before any data is opened: defaults, method and size, settings, combinations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmark.core.errors import RefusedError, UnknownNameError
from benchmark.core.method import Capability, MethodInfo, WeightsOrigin
from benchmark.core.plugins import base_method, list_names, load, load_adapter, public_name
from benchmark.core.settings import make_config
from benchmark.core.spec import PROFILES, FitSpec, RunRequest, RunSpec
from benchmark.core.task import Task
from benchmark.harness.data import default_data
from benchmark.harness.provenance import has_gpu


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


def refuse_meaningless(info: MethodInfo, task: Task, request: RunRequest) -> None:
    """Raise RefusedError for a combination that cannot mean anything, with the reason."""
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
    if request.from_fit and request.weights is not WeightsOrigin.TRAINED_HERE:
        raise RefusedError(f"--from-fit means nothing to weights '{request.weights}': nothing is fitted")


def profile_config(
    name: str, variant: str | None, profile: str, settings: Mapping[str, Any], *, off_the_shelf: bool = False
) -> Any:
    """The method's Config under a profile, with the user's settings on top.

    off_the_shelf: with what released weights ask for (Adapter.released_settings: the text encoder they were made with).
    """
    module = load_adapter(name)
    asked = module.Adapter.released_settings if off_the_shelf else {}
    chosen = {**module.PROFILES[profile], **asked, **({"variant": variant} if variant else {}), **settings}
    return settled_config(name, chosen)


def settled_config(method: str, params: Mapping[str, Any]) -> Any:
    """Settings that were asked for as the Config that goes into a spec: the same on every machine (Adapter.settled)."""
    module = load_adapter(method)
    return module.Adapter.settled(make_config(module.Config, params, method))


def config_of(spec: FitSpec | RunSpec) -> Any:
    """The Config of a spec, whose settings are settled already."""
    return make_config(load_adapter(spec.method).Config, spec.params, spec.method)
