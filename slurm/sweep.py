"""A sweep: a name, a title, and the requests it stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmark.core.method import Capability, MethodInfo, WeightsOrigin
from benchmark.core.plugins import base_method, load
from benchmark.core.spec import RunRequest


@dataclass(frozen=True)
class Asked:
    """The user's choices; None leaves data and profile to the defaults of `bench run`, seeds to the sweep."""

    data: str | None = None
    profile: str | None = None
    seeds: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Sweep:
    """A file in `slurm/sweeps/` exposes one as SWEEP. requests(asked): one per method and setting."""

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

    A method that cannot be fitted uses its released weights; one that is not installed is kept, and the plan names it.

    Args:
        asked: the user's choices.
        method: with a variant or without.
        task: its name.
        params: of the method, that differ from its profile.
        data: the data set of a sweep that is about one only; it overrides the user's.
        seeds: unless the user chose some.
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
