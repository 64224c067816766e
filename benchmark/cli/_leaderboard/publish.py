"""`bench leaderboard publish`: mirror the committed records in W&B, and its one report."""

from __future__ import annotations

import argparse
import contextlib
from typing import TYPE_CHECKING

from benchmark.cli._command import Command

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from benchmark.core.paths import Results
    from benchmark.core.record import RunRecord


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench leaderboard publish`."""
    parser.add_argument("--wandb", required=True, metavar="ENTITY/PROJECT", help="where to")
    parser.add_argument("--force", action="store_true", help="send records again that are there already")
    parser.add_argument("--dry-run", action="store_true", help="say what would be sent and stop; needs no network")
    parser.add_argument("--json", action="store_true", help="print what was done as JSON")


def run(options: argparse.Namespace) -> int:
    """Exit status 0 once every record and the report are there; any failure is raised, and the next call goes on."""
    import json

    from benchmark.core.errors import BenchError, RecordError
    from benchmark.core.paths import Home, Results
    from benchmark.leaderboard._wandb_report import publish_report
    from benchmark.leaderboard._wandb_runs import mirrored_records
    from benchmark.tracking.wandb import keep_files_in, library, no_server

    entity, project = _place(options.wandb)
    results = Results.find()
    records = _official(results)
    if not records:
        raise RecordError(f"{results.records}: no committed record to publish; 'bench collect' puts them there")
    if options.dry_run:
        plan = f"{len(records)} records would be mirrored in {options.wandb}, with one report"
        print(json.dumps({"records": len(records)}) if options.json else plan)
        return 0
    wandb = library()
    keep_files_in(Home.find().root)
    said = no_server(wandb, 15.0)
    if said:
        raise BenchError(f"W&B: {said}")
    with _in_one_line():
        there: Mapping[str, str] = {} if options.force else mirrored_records(wandb, entity, project)
        sent = _send(records, there, entity, project)
        url, is_new = publish_report(entity, project, records, results.reports)
    facts = {"sent": sent, "present": len(records) - len(sent), "report": url, "report_is_new": is_new}
    lines = [
        f"{options.wandb}: {len(sent)} records sent, {facts['present']} already there",
        f"report {'created' if is_new else 'updated'}: {url}",
    ]
    if is_new:
        lines.append(f"commit {results.reports}, so that the next call updates this report, whoever makes it")
    print(json.dumps(facts, indent=1) if options.json else "\n".join(lines))
    return 0


@contextlib.contextmanager
def _in_one_line() -> Iterator[None]:
    """W&B's libraries raise a dozen kinds of errors of their own."""
    from benchmark.core.errors import BenchError

    try:
        yield
    except BenchError:
        raise
    except Exception as error:
        said = (str(error).strip().splitlines() or ["no message"])[0]
        raise BenchError(
            f"W&B: {type(error).__name__}: {said}; the same command goes on where this one stopped"
        ) from error


def _place(text: str) -> tuple[str, str]:
    from benchmark.core.errors import ConfigError

    entity, mark, project = text.partition("/")
    if not mark or not entity or not project or "/" in project:
        raise ConfigError(f"--wandb {text}: expected ENTITY/PROJECT, such as my-team/rtvp-bench")
    return entity, project


def _official(results: Results) -> Sequence[RunRecord]:
    """The committed good records; what was measured here since is nobody's official number."""
    from benchmark.core.record import Status
    from benchmark.records.query import HIDDEN_PROFILES
    from benchmark.records.store import Store

    return [r for r in Store(results.records) if r.status is Status.OK and r.spec.profile not in HIDDEN_PROFILES]


def _send(records: Sequence[RunRecord], there: Mapping[str, str], entity: str, project: str) -> list[str]:
    """Run ids of the records that W&B lacked, or had with other numbers."""
    from dataclasses import replace

    from benchmark.cli._progress import progress
    from benchmark.core.canonical import digest
    from benchmark.core.paths import Home
    from benchmark.tracking._names import tracked_cell
    from benchmark.tracking._settings import load_settings
    from benchmark.tracking.mirror import send_record
    from benchmark.tracking.wandb import WandbTracker

    lacking = [record for record in records if there.get(record.run_id) != digest(record)]
    settings = load_settings(entity=entity, project=project, mode="online")
    for record in progress("mirror", lacking, len(lacking)):
        cell = tracked_cell(record)
        official = replace(cell, config={**cell.config, "official": True})
        with WandbTracker(official, settings, Home.find().root, strict=True) as tracker:
            send_record(tracker, record)
    return [record.run_id for record in lacking]


COMMAND = Command("publish", "mirror the committed records in W&B, with one report", configure, run)
