"""Which interpreter a method's worker runs under."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmark.core.errors import ConfigError
from benchmark.core.paths import Home
from benchmark.core.plugins import load_module

SHARED = "shared"
"""the environment that the command itself runs in"""


def environment_of(method: str) -> str:
    """The method's own environment if it brings a requirements.txt, else the shared one."""
    package = load_module("method", method).__file__
    own = package is not None and (Path(package).parent / "requirements.txt").is_file()
    return method if own else SHARED


def interpreter(environment: str) -> str:
    """Path of that environment's Python. Raises ConfigError where it was not made yet."""
    if environment == SHARED:
        return sys.executable
    path = Home.find().root / "envs" / environment / "bin" / "python"
    if not path.is_file():
        raise ConfigError(
            f"{environment} needs an environment of its own at {path.parents[1]}: bench env create {environment}"
        )
    return str(path)
