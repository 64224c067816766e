"""Asks Slurm for states of tasks: squeue for active ones, sacct for ended ones, never one call per task."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from benchmark.core.errors import BenchError

ACTIVE = frozenset(
    ("PENDING", "RUNNING", "COMPLETING", "CONFIGURING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "RESIZING",
     "SIGNALING", "SPECIAL_EXIT", "STAGE_OUT", "STOPPED", "SUSPENDED")
)  # fmt: skip
_RETURNS = frozenset(("NODE_FAIL", "PREEMPTED", "BOOT_FAIL"))
"""states that Slurm shows for a while before it requeues the task"""
_BELIEVED_AFTER_S = 120
_IDS_PER_CALL = 500
_TIMEOUT_S = 60


class SlurmError(BenchError):
    """Slurm is not installed, does not answer, or refuses a command."""


@dataclass(frozen=True)
class TaskState:
    """Slurm's state of one task.

    state: Slurm's name of it. reason: why it waits, or how it ended. node: where it runs or ran. exit_code:
    `code:signal`.
    """

    state: str
    reason: str = ""
    node: str = ""
    exit_code: str = ""

    @property
    def active(self) -> bool:
        """Whether the task waits, runs, or will be requeued by Slurm."""
        return self.state in ACTIVE


def require_slurm() -> None:
    """Raise SlurmError where Slurm's commands are missing."""
    missing = [name for name in ("sbatch", "squeue", "scancel", "srun") if shutil.which(name) is None]
    if missing:
        raise SlurmError(
            f"{', '.join(missing)} not found: Slurm is not installed here; log in to the cluster's login node, or use "
            "--slurm local"
        )


def task_states(slurm_jobs: Iterable[str], *, now_s: float | None = None) -> dict[str, TaskState]:
    """The state of each task that Slurm knows. Raises SlurmError where the controller does not answer.

    A task whose node failed counts as active until that state is two minutes old, because Slurm requeues such tasks
    seconds later.
    """
    wanted = set(slurm_jobs)
    if not wanted:
        return {}
    known = dict(_queued(wanted))
    ended = sorted(wanted - {job for job, state in known.items() if state.active})
    for job, state, end_s in _accounted(ended):
        age_s = (now_s or time.time()) - end_s
        if state.state in _RETURNS and age_s < _BELIEVED_AFTER_S:
            state = TaskState("REQUEUED", f"{state.state}, waits to be requeued", state.node)  # noqa: PLW2901
        known[job] = state
    return known


def cancel(slurm_jobs: Sequence[str]) -> None:
    """Cancel tasks; tasks that have ended already are ignored. Raises SlurmError."""
    for ids in _portions(_ranges(slurm_jobs)):
        _call(["scancel", "--quiet", *ids])


def partitions() -> str:
    """Slurm's version and partitions as one line of text; `*` marks the default. Raises SlurmError."""
    rows = [line.split("|") for line in _call(["sinfo", "-h", "-o", "%P|%l"]).splitlines()]
    version = _call(["sinfo", "--version"]).strip()
    listed = ", ".join(f"{name} (at most {limit})" for name, limit in rows)
    return f"{version}; partitions {listed or 'none'}"


def max_array_size() -> int:
    """How many tasks one array may have on this cluster. Raises SlurmError."""
    match = re.search(r"^MaxArraySize\s*=\s*(\d+)", _call(["scontrol", "show", "config"]), re.MULTILINE)
    return int(match[1]) if match else 1001


def _queued(wanted: set[str]) -> Iterator[tuple[str, TaskState]]:
    """States by squeue: of tasks that are active or ended some minutes ago."""
    arrays = sorted({job.partition("_")[0] for job in wanted})
    for ids in _portions(arrays):
        try:
            text = _call(["squeue", "-h", "-a", "-r", "-t", "all", "-j", ",".join(ids), "-o", "%i|%T|%r|%N"])
        except SlurmError as error:
            if "Invalid job id" not in str(error):
                raise
            continue  # the only job of the call, ended long ago
        for line in text.splitlines():
            job, state, reason, node = line.split("|", 3)
            if job in wanted:
                yield job, TaskState(state, "" if reason == "None" else reason, node)


def _accounted(ended: Sequence[str]) -> Iterator[tuple[str, TaskState, float]]:
    """States by sacct, with the end in seconds since 1970; none where the cluster keeps no accounting."""
    fields = "JobID,State,ExitCode,End,NodeList"
    arrays = sorted({job.partition("_")[0] for job in ended})
    wanted = set(ended)
    for ids in _portions(arrays):
        try:
            text = _call(["sacct", "-n", "-X", "-P", "-j", ",".join(ids), "-o", fields])
        except SlurmError as error:
            if "accounting storage is disabled" in str(error) or "not found" in str(error):
                return
            raise
        for line in text.splitlines():
            jobs, state, exit_code, end, node = line.split("|", 4)
            word, _, rest = state.partition(" ")
            for job in wanted.intersection(_tasks_of(jobs)):
                yield job, TaskState(word, rest, node, exit_code), _seconds(end)


def _seconds(stamp: str) -> float:
    try:
        return datetime.fromisoformat(stamp).timestamp()
    except ValueError:  # sacct prints Unknown while the task has not ended
        return time.time()


def _tasks_of(jobs: str) -> list[str]:
    """Task ids of an array's range: `12_[0-2,7%4]`, as sacct lists cancelled tasks -> `12_0 12_1 12_2 12_7`."""
    array, bracket, inside = jobs.partition("_[")
    if not bracket:
        return [jobs]
    indices: list[int] = []
    for span in re.findall(r"\d+(?:-\d+)?", inside.partition("]")[0].partition("%")[0]):
        low, _, high = span.partition("-")
        indices += range(int(low), int(high or low) + 1)
    return [f"{array}_{index}" for index in indices]


def _ranges(slurm_jobs: Sequence[str]) -> list[str]:
    """Task ids as ranges: `12_0 12_1 12_2 12_7 15` -> `12_[0-2,7] 15`, so that a thousand tasks are one argument."""
    arrays: dict[str, list[int]] = {}
    for job in slurm_jobs:
        array, _, index = job.partition("_")
        arrays.setdefault(array, [])
        if index:
            arrays[array].append(int(index))
    return [f"{array}_[{_spans(sorted(indices))}]" if indices else array for array, indices in arrays.items()]


def _spans(indices: list[int]) -> str:
    spans: list[list[int]] = []
    for index in indices:
        if spans and index == spans[-1][1] + 1:
            spans[-1][1] = index
        else:
            spans.append([index, index])
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in spans)


def _portions(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _IDS_PER_CALL):
        yield ids[start : start + _IDS_PER_CALL]


def _call(command: Sequence[str]) -> str:
    if shutil.which(command[0]) is None:
        raise SlurmError(f"{command[0]} not found: Slurm is not installed here; run this on the cluster's login node")
    try:
        done = subprocess.run(  # noqa: S603 - Slurm's own clients, found on PATH
            list(command), capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise SlurmError(f"{command[0]} did not answer within {_TIMEOUT_S} s: is the controller up?") from error
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        message = lines[-1].removeprefix(f"{command[0]}: ") if lines else f"exit status {done.returncode}"
        raise SlurmError(f"{command[0]}: {message}")
    return done.stdout
