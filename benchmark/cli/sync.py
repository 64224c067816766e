"""`bench sync`: upload runs that were tracked offline to W&B; needs network, may be repeated."""

from __future__ import annotations

import argparse

from benchmark.cli._command import Command


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench sync`."""
    parser.add_argument("--dry-run", action="store_true", help="print what would be uploaded and stop")
    parser.add_argument(
        "--timeout", type=float, default=600.0, metavar="S", help="time limit per run in seconds (default: 600)"
    )
    parser.add_argument("--json", action="store_true", help="print what was done as JSON")


def run(options: argparse.Namespace) -> int:
    """Upload the runs. Exit status 1 if W&B still lacks one: not uploaded, unreadable, or being written."""
    import json

    from benchmark.core.canonical import to_plain
    from benchmark.core.errors import ConfigError
    from benchmark.core.paths import Home
    from benchmark.tracking.sync import LEFT, Outcome, sync

    if not options.timeout > 0:
        raise ConfigError(f"--timeout {options.timeout:g}: expected more than 0 s")
    done = []
    for one in sync(Home.find().root, options.timeout, dry_run=options.dry_run):
        done.append(one)
        if not options.json:
            print(
                f"{one.outcome:<10}  {one.run_id}  {one.folder}" + (f": {one.reason}" if one.reason else ""), flush=True
            )
    left = [one for one in done if one.outcome in LEFT]
    if options.json:
        print(json.dumps(to_plain(done), indent=1))
    elif not done:
        print("nothing to upload")
    else:
        uploaded = sum(one.outcome is Outcome.UPLOADED for one in done)
        print(f"{uploaded} uploaded, {len(left)} left")
    return 1 if left else 0


COMMAND = Command("sync", "upload runs that were tracked offline to W&B", configure, run)
