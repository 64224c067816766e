"""The committed records in W&B, one run each, and the project's one report with the paper's tables in it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmark.cli._progress import progress
from benchmark.core.canonical import digest
from benchmark.core.errors import BenchError, ConfigError, RecordError
from benchmark.core.paths import Home, Results
from benchmark.core.plugins import list_names, load
from benchmark.core.record import RunRecord, Status
from benchmark.leaderboard.wandb_report import publish_report
from benchmark.leaderboard.wandb_runs import mirrored_records
from benchmark.records.comparisons import Comparisons
from benchmark.records.query import HIDDEN_PROFILES, dataset_records
from benchmark.records.store import read_run
from benchmark.tables.content.datasets import DatasetTable, fill_datasets
from benchmark.tables.content.reproduced import reproduced
from benchmark.tables.content.sheet import Sheet, fill
from benchmark.tables.content.table import Table
from benchmark.tables.content.transfer import fill_transfer
from benchmark.tables.rendering.render import markdown
from benchmark.tracking.mirror import send_record
from benchmark.tracking.names import tracked_cell
from benchmark.tracking.settings import load_settings
from benchmark.tracking.wandb import WandbTracker, keep_files_in, library, no_server


@dataclass(frozen=True)
class Sent:
    """What was sent to W&B.

    sent: run ids of the records that W&B lacked, or had with other numbers. present: how many it had.
    url: of the report. urls: the file that keeps it.
    """

    place: str
    sent: tuple[str, ...]
    present: int
    url: str
    is_new: bool
    urls: Path

    @property
    def facts(self) -> dict[str, object]:
        """The outcome as values for JSON."""
        return {"sent": list(self.sent), "present": self.present, "report": self.url, "report_is_new": self.is_new}

    @property
    def lines(self) -> list[str]:
        """The outcome as lines of text."""
        lines = [
            f"{self.place}: {len(self.sent)} records sent, {self.present} already there",
            f"report {'created' if self.is_new else 'updated'}: {self.url}",
        ]
        again = f"commit {self.urls}, so that the next call updates this report, whoever makes it"
        return [*lines, again] if self.is_new else lines


def mirror(place: str, *, force: bool = False) -> Sent:
    """Send the records that W&B lacks and make or update the report; after an error the next call continues.

    Raises ConfigError for a place that is no ENTITY/PROJECT, RecordError without records, BenchError in one line.
    """
    entity, project = parse_place(place)
    results = Results.find()
    records = official_records(results)
    stored = Comparisons.find(results)
    wandb = library()
    keep_files_in(Home.find().root)
    problem = no_server(wandb, 15.0)
    if problem:
        raise BenchError(f"W&B: {problem}")
    with _in_one_line():
        present: Mapping[str, str] = {} if force else mirrored_records(wandb, entity, project)
        sent = _send(records, present, entity, project)
        url, is_new = publish_report(entity, project, records, results.reports, paper_tables(records, stored), stored)
    return Sent(place, tuple(sent), len(records) - len(sent), url, is_new, results.reports)


def parse_place(text: str) -> tuple[str, str]:
    """Entity and project. Raises ConfigError."""
    entity, mark, project = text.partition("/")
    if not mark or not entity or not project or "/" in project:
        raise ConfigError(f"--wandb {text}: expected ENTITY/PROJECT, such as my-team/rtvp-bench")
    return entity, project


def official_records(results: Results) -> Sequence[RunRecord]:
    """The committed records that are ok and of no hidden profile. Raises RecordError where there is none."""
    committed = map(read_run, results.record_files())
    official = [r for r in committed if r.status is Status.OK and r.spec.profile not in HIDDEN_PROFILES]
    if not official:
        raise RecordError(f"{results.records}: no committed record to publish; 'bench collect' puts them there")
    return official


def paper_tables(records: Sequence[RunRecord], stored: Comparisons) -> list[tuple[str, str]]:
    """(title, Markdown) of every table and ablation over all data sets, then `Reported and reproduced`."""
    shown: list[tuple[str, str]] = []
    filled: list[tuple[Table | DatasetTable, Sheet]] = []
    for name in list_names("table"):
        table = load("table", name)
        title = f"Table {table.name}: {table.title}"
        try:
            if isinstance(table, DatasetTable):
                sheet = fill_datasets(table, dataset_records())
            elif isinstance(table, Table):
                sheet = fill(table, records, comparisons=stored)
            else:
                shown.append((title, markdown(fill_transfer(table, records))))
                continue
        except RecordError as error:
            shown.append((title, str(error)))
            continue
        filled.append((table, sheet))
        shown.append((title, markdown(sheet)))
    compared = reproduced(filled, list_names("method"))
    return [*shown, (compared.title, markdown(compared))]


@contextlib.contextmanager
def _in_one_line() -> Iterator[None]:
    """Turn any error of W&B's libraries into a BenchError of one line."""
    try:
        yield
    except BenchError:
        raise
    except Exception as error:
        message = (str(error).strip().splitlines() or ["no message"])[0]
        raise BenchError(
            f"W&B: {type(error).__name__}: {message}; the same command continues where this one stopped"
        ) from error


def _send(records: Sequence[RunRecord], present: Mapping[str, str], entity: str, project: str) -> list[str]:
    lacking = [record for record in records if present.get(record.run_id) != digest(record)]
    settings = load_settings(entity=entity, project=project, mode="online")
    for record in progress("mirror", lacking, len(lacking)):
        cell = tracked_cell(record)
        official = replace(cell, config={**cell.config, "official": True})
        with WandbTracker(official, settings, Home.find().root, strict=True) as tracker:
            send_record(tracker, record)
    return [record.run_id for record in lacking]
