"""Options of every command that submits to a cluster, the resources that they name, how times are said. Light."""

from __future__ import annotations

import argparse
from typing import Any

from benchmark.core.errors import ConfigError
from benchmark.core.plugins import load_cluster


def configure_slurm(parser: argparse.ArgumentParser) -> None:
    """The options of every command that submits."""
    parser.add_argument("--slurm", metavar="PRESET", help="submit to a cluster: test, cpu, gpu, one of yours, or local")
    parser.add_argument(
        "--slurm-set", action="append", default=[], metavar="KEY=VALUE", help="change one setting of the preset"
    )
    parser.add_argument(
        "--allow-dirty", action="store_true", help="submit code that is not committed; its records are marked"
    )


def resources_of(options: argparse.Namespace) -> Any:
    """The preset that the options name; a plan alone needs no Slurm.

    Raises ConfigError, UnknownNameError and SlurmError, before anything is planned.
    """
    settings = {}
    for text in options.slurm_set:
        key, mark, value = text.partition("=")
        if not mark:
            raise ConfigError(f"--slurm-set {text}: expected KEY=VALUE, such as --slurm-set time_min=60")
        settings[key.strip()] = value.strip()
    resources = load_cluster("resources").load_resources(options.slurm, settings)
    if options.slurm != load_cluster("resources").LOCAL and not getattr(options, "dry_run", False):
        load_cluster("queue").require_slurm()
    return resources


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3.5 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
