"""Settings of tracking: `tracking.toml` in the user's configuration folder, overridden by environment variables."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Interval

from benchmark.core.errors import ConfigError
from benchmark.core.loading import read_toml
from benchmark.core.paths import user_config
from benchmark.core.settings import make_config

MOST_PICTURES = 200
"""pictures per run; each is a file, and clusters limit the number of files"""

Seconds = Annotated[float, Interval(gt=0, le=86_400)]

_VARIABLES = {"BENCH_TRACK": "track", "WANDB_MODE": "mode", "WANDB_ENTITY": "entity", "WANDB_PROJECT": "project"}


@dataclass(frozen=True)
class TrackSettings:
    """How runs are tracked; no part of any id."""

    track: Literal["jsonl", "wandb"] = "jsonl"
    """JSON lines are always written; `wandb` mirrors there as well"""
    entity: str | None = None
    """W&B's user or team; None is the account's own"""
    project: str = "rtvp-bench"
    mode: Literal["auto", "online", "offline", "disabled"] = "auto"
    """auto: online where an API key is known and the server answers, else offline"""
    init_timeout_s: Seconds = 15.0
    """how long to wait for the server before going offline"""
    finish_timeout_s: Seconds = 30.0
    """online: how long the end of a run waits for uploads before it goes on"""
    flush_interval_s: Seconds = 1.0
    """how often rows reach the disk: a killed process loses at most this much"""
    pictures: Annotated[int, Interval(ge=0, le=MOST_PICTURES)] = 0
    """images with boxes per cell, the worst first; each is uploaded, so 0 unless asked for"""


def load_settings(**changes: Any) -> TrackSettings:
    """The file's values, then BENCH_TRACK and W&B's own variables, then `changes`.

    Raises UnknownNameError with the valid names, ConfigError that names the file.
    """
    path = user_config("tracking.toml")
    values = read_toml(path, ConfigError) if path.is_file() else {}
    given = {field: os.environ[name] for name, field in _VARIABLES.items() if os.environ.get(name)}
    return make_config(TrackSettings, {**values, **given, **changes}, "tracking")
