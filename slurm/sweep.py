"""A sweep is a named list of requests, each of which `bench sweep` expands into cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmark.core.method import Capability, MethodInfo, WeightsOrigin
from benchmark.core.plugins import base_method, load
from benchmark.core.spec import RunRequest


@dataclass(frozen=True)
class Asked:
    """The user's choices. None: data and profile as `bench run` chooses them, seeds as the sweep does."""

    data: str | None = None
    profile: str | None = None
    seeds: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Sweep:
    """The constant SWEEP of a file in `slurm/sweeps/`. requests: the user's choices -> one per method and setting."""

    name: str
    title: str
    requests: Callable[[Asked], tuple[RunRequest, ...]]


def request(
    asked: Asked,
    method: str,
    task: str,
    params: Mapping[str, Any] | None = None,
    *,
    data: str | None = None,
    seeds: tuple[int, ...] = (0,),
    **more: Any,
) -> RunRequest:
    """One request of a sweep, with the user's choices.

    A method that cannot be fitted uses its released weights; the plan names methods that are not installed.

    Args:
        asked: the user's choices.
        method: its name, with or without a variant.
        task: its name.
        params: settings of the method that differ from its profile.
        data: overrides the user's data set, in sweeps that are about one data set only.
        seeds: used where the user chose none.
        more: other fields of RunRequest.
    """
    info = _info(method)
    if info is not None and Capability.TRAINABLE not in info.capabilities:
        more.setdefault("weights", WeightsOrigin.PRETRAINED)
    return RunRequest(
        method=method,
        task=task,
        data=data or asked.data,
        profile=asked.profile,
        params=params or {},
        seeds=asked.seeds or seeds,
        **more,
    )


def _info(method: str) -> MethodInfo | None:
    base = base_method(method)
    return load("method", base) if base else None
