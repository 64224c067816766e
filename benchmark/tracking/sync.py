"""Upload offline runs to W&B, one folder per call: `wandb sync` of several uploads none if one cannot be read."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from benchmark.core.errors import BenchError
from benchmark.tracking._runs import RunFolder, offline_runs
from benchmark.tracking.wandb import keep_files_in, library, no_server


class Outcome(StrEnum):
    """Outcome for one folder."""

    UPLOADED = "uploaded"
    PENDING = "pending"
    OPEN = "open"
    FAILED = "failed"
    HELD_BACK = "held back"
    UNREADABLE = "unreadable"


LEFT = frozenset((Outcome.PENDING, Outcome.OPEN, Outcome.FAILED, Outcome.HELD_BACK, Outcome.UNREADABLE))
"""outcomes after which something is missing in W&B"""


_ANSWER_S = 15.0


@dataclass(frozen=True)
class Synced:
    """One folder and its outcome. reason: why it is not uploaded; empty where it is."""

    run_id: str
    folder: str
    outcome: Outcome
    reason: str = ""


def sync(home: Path, timeout_s: float, *, dry_run: bool = False) -> Iterator[Synced]:
    """Upload what is not uploaded yet, the oldest first; yields one outcome per folder.

    A folder without a readable log is set aside. One that another process writes to is left, and so is a later
    attempt of a run whose earlier one did not go through, because rows are appended in the order of uploads.
    Raises BenchError where there is no account or no server, MissingExtraError.
    """
    waiting = [folder for folder in offline_runs(home) if not folder.is_uploaded]
    if waiting and not dry_run:
        os.environ.pop("WANDB_MODE", None)  # `offline` is for runs; under it the client says that it has no key
        keep_files_in(home)
        reason = no_server(library(), min(timeout_s, _ANSWER_S))
        if reason:
            raise BenchError(f"W&B: {reason}")
    stuck: set[str] = set()
    for folder in waiting:
        done = _one(folder, stuck, timeout_s, dry_run=dry_run)
        if done.outcome in (Outcome.FAILED, Outcome.OPEN):
            stuck.add(folder.run_id)
        yield done


def _one(folder: RunFolder, stuck: set[str], timeout_s: float, *, dry_run: bool) -> Synced:
    run_id = folder.run_id  # read before the folder moves

    def synced(outcome: Outcome, reason: str = "") -> Synced:
        return Synced(run_id, str(folder.path), outcome, reason)

    if folder.is_open:
        return synced(Outcome.OPEN, "a process still writes to it")
    if not folder.is_readable:
        if dry_run:
            return synced(Outcome.UNREADABLE, "its log holds nothing; it will be set aside")
        return synced(Outcome.UNREADABLE, f"its log holds nothing; set aside in {folder.set_aside()}")
    if run_id in stuck:
        return synced(Outcome.HELD_BACK, "an earlier attempt of the same run comes first")
    if dry_run:
        return synced(Outcome.PENDING)
    reason = _upload(folder, timeout_s)
    return synced(Outcome.UPLOADED) if folder.is_uploaded else synced(Outcome.FAILED, reason)


def _upload(folder: RunFolder, timeout_s: float) -> str:
    """Run W&B's own upload; returns the last line it printed.

    Output goes to a file: a service of W&B outlives the process and would keep a pipe open.
    """
    log = folder.path / "logs" / "sync.log"
    log.parent.mkdir(exist_ok=True)
    command = [sys.executable, "-P", "-m", "wandb", "sync", str(folder.path)]
    variables = {name: value for name, value in os.environ.items() if name != "WANDB_SILENT"}
    with log.open("wb") as file:
        try:
            subprocess.run(  # noqa: S603 - W&B's own command
                command,
                cwd=folder.path.parents[1],  # it logs into `wandb/` of wherever it is called
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=variables,
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"not done within {timeout_s:g} s (--timeout)"
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() or ["no word"]
    errors = [line for line in lines if "ERROR" in line]
    return (errors or lines)[-1].removeprefix("wandb: ").removeprefix("ERROR ")
