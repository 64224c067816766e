"""Which Python a method runs under: ours, or that of an environment of its own (`bench env create`)."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmark.core.errors import ConfigError
from benchmark.core.paths import Home
from benchmark.core.plugins import load_module

SHARED = "shared"
"""the environment that the command itself runs in"""

INSTALLED = "requirements.installed.txt"
"""written last into an environment: without it, it is not finished"""


def requirements_of(method: str) -> Path | None:
    """The file by which a method asks for an environment of its own, or None.

    Raises UnknownNameError for a method that is not there.
    """
    path = Path(str(load_module("method", method).__file__)).parent / "requirements.txt"
    return path if path.is_file() else None


def environment_of(method: str) -> str:
    """The method's own name if it brings a requirements.txt, else `shared`."""
    return method if requirements_of(method) else SHARED


def folder_of(environment: str) -> Path:
    """Where an environment lies once it is made."""
    return Home.find().root / "envs" / environment


def interpreter(environment: str) -> str:
    """Path of that environment's Python. Raises ConfigError where it was not made yet."""
    if environment == SHARED:
        return sys.executable
    folder = folder_of(environment)
    if not (folder / INSTALLED).is_file():
        raise ConfigError(f"{environment} needs an environment of its own at {folder}: bench env create {environment}")
    return str(folder / "bin" / "python")
