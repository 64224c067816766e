"""What is tracked where: `tracking.toml` in the user's configuration folder, and variables on top of it."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from benchmark.core.errors import ConfigError
from benchmark.core.paths import user_config
from benchmark.core.settings import make_config

MOST_PICTURES = 200
"""a run; each is a file, and clusters count files"""

_VARIABLES = {"BENCH_TRACK": "track", "WANDB_MODE": "mode", "WANDB_ENTITY": "entity", "WANDB_PROJECT": "project"}


@dataclass(frozen=True)
class TrackSettings:
    """How, not what: none of this is part of an id. Raises ConfigError for a value that cannot be."""

    track: Literal["jsonl", "wandb"] = "jsonl"
    """JSON lines are always written; `wandb` mirrors there as well"""
    entity: str | None = None
    """W&B's user or team; None is the account's own"""
    project: str = "rtvp-bench"
    mode: Literal["auto", "online", "offline", "disabled"] = "auto"
    """auto: online where an API key is known and the server answers, else offline"""
    init_timeout_s: float = 15.0
    """how long to wait for the server before going offline"""
    finish_timeout_s: float = 30.0
    """online: how long the end of a run waits for uploads before it goes on"""
    flush_interval_s: float = 1.0
    """how often rows reach the disk: a killed process loses at most this much"""
    pictures: int = 0
    """images with boxes a cell, the worst first; each is uploaded, so 0 unless asked for"""

    def __post_init__(self) -> None:
        for name in ("init_timeout_s", "finish_timeout_s", "flush_interval_s"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"tracking: {name} is {getattr(self, name)}: more than 0 s is needed")
        if not 0 <= self.pictures <= MOST_PICTURES:
            raise ConfigError(f"tracking: pictures is {self.pictures}, expected 0 to {MOST_PICTURES}")


def load_settings(**changes: Any) -> TrackSettings:
    """The file's values, then BENCH_TRACK and W&B's own variables, then `changes`.

    Raises UnknownNameError with the valid names, ConfigError that names the file.
    """
    path = user_config("tracking.toml")
    values: Mapping[str, Any] = {}
    if path.is_file():
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path}: not TOML: {error}") from error
    given = {field: os.environ[name] for name, field in _VARIABLES.items() if os.environ.get(name)}
    return make_config(TrackSettings, {**values, **given, **changes}, "tracking")
