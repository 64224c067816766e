"""The options of every command that submits to a cluster, their resources, and durations as text."""

from __future__ import annotations

import argparse
from typing import Any

from benchmark.core.plugins import load_cluster
from benchmark.core.settings import parse_assignments


def configure_slurm(parser: argparse.ArgumentParser) -> None:
    """Add the options of a command that submits."""
    parser.add_argument(
        "--slurm", metavar="PRESET", help="submit with this preset: test, cpu, gpu or your own; local: run it here"
    )
    parser.add_argument(
        "--slurm-set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change one setting of the preset, e.g. time_min=60; may be repeated",
    )
    parser.add_argument(
        "--allow-dirty", action="store_true", help="submit although changes are not committed; the records are marked"
    )


def resources_of(options: argparse.Namespace) -> Any:
    """The resources that the options name.

    Raises ConfigError, UnknownNameError, and SlurmError where Slurm is missing, which `--dry-run` and the preset
    `local` do not need.
    """
    settings = parse_assignments(options.slurm_set, "--slurm-set", "time_min=60")
    resources = load_cluster("resources").load_resources(options.slurm, settings)
    if options.slurm != load_cluster("resources").LOCAL and not getattr(options, "dry_run", False):
        load_cluster("queue").require_slurm()
    return resources


def duration(seconds: float) -> str:
    """A duration as text: `45 s`, `12 min`, `3.5 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
