"""The state of every submitted task: by its record, or by Slurm where it has none."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from benchmark.core.paths import Home
from benchmark.records.ends import read_end
from slurm.progress import Progress, last_line, read_progress
from slurm.queue import TaskState, task_states
from slurm.settle import reason_of, why_waiting, write_failure
from slurm.submission import Submission, latest_tasks, read_jobs, submissions

_UNKNOWN_AFTER_S = 60
"""how long a task that Slurm does not know counts as queued after its submission"""


class State(StrEnum):
    """The state of a task."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    BLOCKED = "blocked"


_OF_RECORD = {"ok": State.FINISHED, "failed": State.FAILED, "blocked": State.BLOCKED}


@dataclass(frozen=True)
class TaskRow:
    """One line of the status table.

    fit: id of the only fit that the task trains, None for the whole cell. index: of the task in its submission. detail:
    why it waits, failed or is blocked, else its node. log: file of its output.
    """

    run_id: str
    name: str
    fit: str | None
    submission: str
    index: int
    slurm_job: str | None
    state: State
    detail: str
    progress: Progress | None
    log: Path

    @property
    def active(self) -> bool:
        """Whether the task waits or runs."""
        return self.state in (State.QUEUED, State.RUNNING)


def status(names: Sequence[str] = ()) -> list[TaskRow]:
    """One row per task of every cell's last submission, oldest first. names: only of these submissions.

    For a task that ended without a record a failed one is written. Raises SlurmError where Slurm does not answer.
    """
    known = submissions()
    latest = [last for last in latest_tasks(known).values() if not names or last[0].name in names]
    rows = [_from_files(submission, index) for submission, index in latest]
    open_rows = [row for row in rows if row.state is State.QUEUED]
    states = task_states([row.slurm_job for row in open_rows if row.slurm_job])
    by_name = {submission.name: submission for submission in known}
    settled = {(row.run_id, row.fit): _settle(row, states, by_name[row.submission]) for row in open_rows}
    return [settled.get((row.run_id, row.fit), row) for row in rows]


def record_cancelled(rows: Sequence[TaskRow]) -> None:
    """Write failed records of cells cancelled while they waited, because Slurm may forget a task that never started."""
    by_name = {submission.name: submission for submission in submissions()}
    for row in rows:
        if row.state is State.QUEUED and row.fit is None:
            _failed(row, "cancelled before it started, with bench cancel", by_name[row.submission])


def active_tasks() -> set[tuple[str, str | None]]:
    """(run_id, fit) of every task that waits or runs."""
    return {(row.run_id, row.fit) for row in status() if row.active}


def _from_files(submission: Submission, index: int) -> TaskRow:
    """The row by the task's record alone; QUEUED where it has none."""
    task = submission.tasks[index]
    state, detail = State.QUEUED, ""
    if task.fit:
        if Home.find().fit(task.fit).record.is_file():
            state = State.FINISHED
    else:
        end = read_end(task.run_id)
        if end and (end.status == "ok" or end.written_ns >= submitted_ns(submission)):
            state, detail = _OF_RECORD[end.status], end.error or ""
    log = submission.paths.log(task, index)
    return TaskRow(task.run_id, task.name, task.fit, submission.name, index, task.slurm_job, state, detail, None, log)


def submitted_ns(submission: Submission) -> int:
    """When it was submitted, in ns by the clock of the file system, as the times of records are."""
    return submission.paths.tasks.stat().st_mtime_ns


def _settle(row: TaskRow, states: dict[str, TaskState], submission: Submission) -> TaskRow:
    task = submission.tasks[row.index]
    if row.slurm_job is None:
        return _local(row, submission)
    state = states.get(row.slurm_job)
    if state is not None and state.active:
        if state.state == "PENDING" or state.state.startswith("REQUEUE"):
            return replace(row, detail=why_waiting(state.reason))
        return replace(row, state=State.RUNNING, detail=state.node, progress=read_progress(task.fits))
    if state is None and time.time() - submission.utc_s < _UNKNOWN_AFTER_S:
        return replace(row, detail="not yet known to Slurm")
    reason = reason_of(state, row.log, float(submission.resources.get("memory_gb", 0)))
    return _failed(row, reason, submission)


def _failed(row: TaskRow, reason: str, submission: Submission) -> TaskRow:
    """Write a failed record and return its row; a record that another process wrote meanwhile takes precedence."""
    if row.fit:  # a fit has no run record; the cells that need it train it themselves
        if Home.find().fit(row.fit).record.is_file():
            return replace(row, state=State.FINISHED)
        return replace(row, state=State.FAILED, detail=reason)
    job = read_jobs(submission.paths, [row.index])[0]
    wrote = write_failure(
        job,
        reason,
        commit=submission.commit,
        dirty=submission.dirty,
        slurm_job=row.slurm_job,
        since_ns=submitted_ns(submission),
    )
    if wrote:
        return replace(row, state=State.FAILED, detail=f"Slurm: {reason}")
    again = _from_files(submission, row.index)
    if again.state is State.QUEUED:  # another process holds the cell's lock and measures it
        return replace(row, state=State.RUNNING, detail="another process measures it")
    return again


def _local(row: TaskRow, submission: Submission) -> TaskRow:
    """The row of a task of `--slurm local`: queued or running while the process that runs the tasks is alive."""
    task = submission.tasks[row.index]
    host, process = submission.process or ("", 0)
    if host != platform.node():
        return replace(row, detail=f"on {host}")
    if not _alive(process):
        line = last_line(row.log)
        return _failed(row, "stopped: the command that ran it has ended" + (f"; last line: {line}" if line else ""),
                       submission)  # fmt: skip
    if not row.log.is_file():
        return row
    return replace(row, state=State.RUNNING, detail=host, progress=read_progress(task.fits))


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
