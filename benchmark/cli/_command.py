"""What a file in `benchmark/cli/` exposes as COMMAND. Light: `bench --help` imports every one of them."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

VERSION_HELP = (
    "show records of version N of the data set, those in results/archive included (default: the newest version); "
    "of each method the newest version is shown"
)


@dataclass(frozen=True)
class Command:
    """A sub-command. `configure` declares its options; `run` does the work and returns the exit status."""

    name: str
    help: str
    configure: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
