"""The type of the constant COMMAND of every command file. No heavy imports: `bench --help` imports every file."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

VERSION_HELP = (
    "show version N of the data set, archived records included (default: the newest version); "
    "each method is shown in its newest version"
)


@dataclass(frozen=True)
class Command:
    """A sub-command. `configure` declares its options; `run` does the work and returns the exit status."""

    name: str
    help: str
    configure: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
