"""Resources of a task: our presets, a user's own presets in a TOML file, single settings by `--slurm-set`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from annotated_types import Interval

from benchmark.core.errors import ConfigError, UnknownNameError
from benchmark.core.loading import read_toml
from benchmark.core.paths import user_config
from benchmark.core.settings import Count, PositiveCount, make_config

LOCAL = "local"
"""the preset that runs tasks on this machine, one after the other"""

_SLURM_SENDS_EARLY_S = 60
"""by how much Slurm may send the signal to stop earlier than asked"""


@dataclass(frozen=True)
class Resources:
    """Resources of one task; fields that are None take the cluster's defaults.

    Raises ConfigError where a task could get the signal to stop as it starts.
    """

    partition: str | None = None
    account: str | None = None
    qos: str | None = None
    constraint: str | None = None
    """features a node must have, e.g. `a100|h100`"""
    gpus: Annotated[int, Interval(ge=0, le=1024)] = 0
    """GPUs of one task, all on one node"""
    cpus: Annotated[int, Interval(ge=1, le=4096)] = 2
    memory_gb: Annotated[float, Interval(gt=0, le=1_000_000)] = 8.0
    time_min: PositiveCount = 240
    """wall time of one attempt; training continues in the next one"""
    signal_delay_s: PositiveCount = 90
    """how long before the time limit a task gets the signal to stop; Slurm may send it a minute earlier"""
    requeues: Count = 20
    """how often a cell may reach its time limit before it counts as failed"""
    parallel: PositiveCount = 64
    """at most this many tasks of an array at a time"""
    dependency: str | None = None
    """jobs to start after, in Slurm's syntax: `afterok:1234`"""
    setup: tuple[str, ...] = ()
    """shell lines to run before the task: module loads, licences, a container's mounts"""
    python: str = ""
    """how workers start Python, instead of this interpreter: `apptainer exec --nv bench.sif python3`"""
    exclude: str | None = None
    """nodes not to use"""
    nodelist: str | None = None
    """nodes to use"""

    def __post_init__(self) -> None:
        if self.signal_delay_s + _SLURM_SENDS_EARLY_S >= self.time_min * 60:
            raise ConfigError(
                f"time_min is {self.time_min} and signal_delay_s {self.signal_delay_s}: the signal to stop may come "
                f"{_SLURM_SENDS_EARLY_S} s early, so a task could be stopped as it starts; raise time_min"
            )


CONFIG = "slurm.toml"
"""file of the user's presets, in the user's configuration folder"""

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "test": {"cpus": 1, "memory_gb": 2.0, "time_min": 15, "signal_delay_s": 30},
    "cpu": {"cpus": 4, "memory_gb": 16.0, "time_min": 720},
    "gpu": {"gpus": 1, "cpus": 8, "memory_gb": 48.0, "time_min": 1440},
}
"""test: the smoke profile. cpu: the quick profile, a fit of 45 minutes on two cores. gpu: the paper profile."""


def load_resources(preset: str, settings: Mapping[str, Any]) -> Resources:
    """The resources of a preset, ours or the user's; `settings` override single fields.

    A user's preset is a table `[preset.NAME]`. Its `base` names the preset that it changes (default: ours of the same
    name), and `[defaults]` holds fields that all presets share. Raises UnknownNameError, ConfigError.
    """
    own, defaults = _own_presets()
    known = {LOCAL: {}, **PRESETS, **own}
    if preset not in known:
        raise UnknownNameError("preset", preset, known)
    values = {**defaults, **_resolved(preset, own, ()), **settings}
    return make_config(Resources, values, f"preset {preset}")


def _resolved(name: str, own: Mapping[str, Mapping[str, Any]], seen: tuple[str, ...]) -> dict[str, Any]:
    if name in seen:
        raise ConfigError(f"{user_config(CONFIG)}: preset {name} starts from itself ({' -> '.join((*seen, name))})")
    if name not in own:
        return dict(PRESETS.get(name, {}))
    values = dict(own[name])
    base = values.pop("base", name if name in PRESETS else None)
    if base is None:
        return values
    if base not in own and base not in PRESETS:
        raise UnknownNameError(f"base of preset {name}", str(base), {*PRESETS, *own})
    start = dict(PRESETS[base]) if base == name else _resolved(base, own, (*seen, name))
    return {**start, **values}


def _own_presets() -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    path = user_config(CONFIG)
    content = read_toml(path, ConfigError) if path.is_file() else {}
    for key, values in content.items():
        if key not in ("preset", "defaults"):
            raise UnknownNameError(f"table of {path}", key, ("preset", "defaults"))
        if not isinstance(values, dict):
            raise ConfigError(f"{path}: {key} is {values!r}, expected a table [{key}]")
    presets, defaults = content.get("preset", {}), content.get("defaults", {})
    for name, values in presets.items():
        if not isinstance(values, dict):
            raise ConfigError(f"{path}: preset.{name} is {values!r}, expected a table [preset.{name}]")
        if name == LOCAL:
            raise ConfigError(f"{path}: 'local' means this machine and cannot be a preset's name")
    return presets, defaults
