"""Writes a failed record, with the reason, for a task that ended without one."""

from __future__ import annotations

import os
import pwd
import re
import time
from pathlib import Path

from benchmark.core.files import held
from benchmark.core.paths import Home
from benchmark.core.record import Provenance, RunRecord, Status
from benchmark.core.spec import Job
from benchmark.records.codec import encode
from benchmark.records.ends import read_end
from benchmark.records.store import write_atomic
from slurm.progress import last_line
from slurm.queue import TaskState

_LESS_TIME = "it asks for more time than the limit allows: --slurm-set time_min=N"
_LESS = "no node of the partition has what it asks for: --slurm-set gpus=N, cpus=N or memory_gb=N"
_ANYTHING = (
    "the partition does not allow all of it: --slurm-set partition=NAME, time_min=N, gpus=N, cpus=N or memory_gb=N"
)
_NEVER = {
    "PartitionTimeLimit": _LESS_TIME,
    "AssocMaxWallDurationPerJobLimit": _LESS_TIME,
    "QOSMaxWallDurationPerJobLimit": _LESS_TIME,
    "PartitionNodeLimit": _LESS,
    "PartitionConfig": _ANYTHING,  # reported before the scheduler has determined which limit it is
    "BadConstraints": "no node has these features: --slurm-set constraint=NAME",
    "InvalidAccount": "this account may not submit there: --slurm-set account=NAME",
    "InvalidQOS": "this quality of service may not be used there: --slurm-set qos=NAME",
}
"""Slurm's reason why a task can never start as it is -> what to change"""
_FULL = re.compile(r"no space left on device|disk quota exceeded|file too large", re.IGNORECASE)
_TOO_OFTEN = re.compile(r"timed-out too many times")
_MEMORY = re.compile(r"exceeded memory limit|oom[-_ ]kill|out.of.memory", re.IGNORECASE)


def reason_of(state: TaskState | None, log: Path, memory_gb: float) -> str:
    """Why an ended task left no record, and what to do, by Slurm's state and the end of the task's log.

    Args:
        state: None where Slurm does not know the task.
        log: the task's output.
        memory_gb: what the task asked for.
    """
    if state is None:
        return (
            "lost: Slurm no longer knows this task, and it left no record; it was cancelled before it "
            "started, or the cluster keeps no accounting"
        )
    printed = _reason_in(_end_of(log), state, memory_gb)
    if printed:
        return printed
    when = f"while it ran on {state.node}" if log.is_file() else "before it started"
    why = f": {_named(state.reason)}" if state.reason not in ("", "None", "0") else ""
    line = last_line(log)
    after = f" with exit code {state.exit_code}" if state.exit_code else ""
    limit = "time limit: the task was stopped before it could save; give it more with --slurm-set time_min=N"
    return {
        "CANCELLED": f"cancelled {when}{why}",
        "TIMEOUT": limit,
        "DEADLINE": limit,
        "NODE_FAIL": f"node failed: {state.node or 'its node'} was lost and the task was not requeued",
    }.get(state.state, f"ended as {state.state}{after} without a record" + (f"; last line: {line}" if line else ""))


def why_waiting(reason: str) -> str:
    """Slurm's reason why a task waits; where it would wait forever also what to do."""
    advice = _NEVER.get(reason)
    return (
        f"{reason}: cannot start, {advice}; cancel it with 'bench cancel' and submit it again with that"
        if advice
        else reason
    )


def _named(reason: str) -> str:
    """Slurm's reason with the user's name instead of the number: `by 1000` -> `by NAME`; others unchanged."""
    user = re.fullmatch(r"by (\d+)", reason)
    try:
        return f"by {pwd.getpwuid(int(user[1])).pw_name}" if user else reason
    except KeyError:
        return reason


def _reason_in(text: str, state: TaskState, memory_gb: float) -> str | None:
    """The reason that the end of a log shows, None if none: Slurm's state alone is often only FAILED."""
    if full := _FULL.search(text):
        return f"disk full: {_line_of(text, full)}"
    if state.state == "OUT_OF_MEMORY" or _MEMORY.search(text):
        return f"out of memory: the task asked for {memory_gb:g} GB; give it more with --slurm-set memory_gb=N"
    if _TOO_OFTEN.search(text):
        return "time limit: reached in every attempt that the preset's `requeues` allows; resubmitting continues"
    if state.exit_code == "0:12":
        return "stopped before it started, and not requeued"
    return None


def write_failure(
    job: Job, reason: str, *, commit: str | None, dirty: bool | None, slurm_job: str | None, since_ns: int
) -> bool:
    """Write a failed record, and return whether it was written.

    None is written where the cell has an ok or a newer record, or where another process measures it.

    Args:
        job: of the cell.
        reason: why it failed.
        commit: of the code that was submitted.
        dirty: whether that code had uncommitted changes.
        slurm_job: Slurm's id of the task.
        since_ns: when the cell was submitted, in ns; older records are of an earlier attempt.
    """
    spec, paths = job.spec, Home.find().run(job.spec.run_id)
    with held(paths.lock, f"settles {spec.run_id}", wait=False) as locked:
        end = read_end(spec.run_id)
        if not locked or (end and (end.status == "ok" or end.written_ns >= since_ns)):
            return False
        provenance = Provenance(
            utc=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            commit=commit,
            dirty=dirty,
            packages={},
            device="none",
            weights="none",
            slurm_job=slurm_job,
        )
        record = RunRecord(spec.run_id, spec, Status.FAILED, provenance=provenance, error=f"Slurm: {reason}")
        write_atomic(paths.record, encode(record))
        return True


def _end_of(log: Path, size: int = 8192) -> str:
    try:
        with log.open("rb") as file:
            file.seek(max(os.fstat(file.fileno()).st_size - size, 0))
            return file.read().decode("utf-8", errors="replace")
    except OSError:
        return ""


def _line_of(text: str, match: re.Match[str]) -> str:
    return text[text.rfind("\n", 0, match.start()) + 1 :].splitlines()[0].strip()
