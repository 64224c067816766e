"""Submissions as files in `$BENCH_HOME`, so that any shell can show their progress, not only the submitting one."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from benchmark.core.canonical import to_plain
from benchmark.core.errors import RecordError, UnknownNameError
from benchmark.core.files import held
from benchmark.core.loading import read_json
from benchmark.core.paths import Home
from benchmark.core.spec import Job
from benchmark.records.codec import decode_job
from benchmark.records.store import write_atomic


@dataclass(frozen=True)
class Task:
    """One task of an array.

    run_id, name: of the cell. fit: id of the only fit that the task trains, None for the whole cell. fits: (method,
    fit_id) of every fit that the cell needs, in the order of training. device: the worker's `--device`. slurm_job:
    `1234_5` or `1234`; None before the submission, and on this machine.
    """

    run_id: str
    name: str
    fit: str | None
    fits: tuple[tuple[str, str], ...]
    device: str = "auto"
    slurm_job: str | None = None


@dataclass(frozen=True)
class Submission:
    """What one command submitted; its tasks are in the order of `tasks.json`, which workers read.

    utc_s: seconds since 1970. code: folder of the snapshot. process: (host, process id) of `--slurm local`, which runs
    the tasks; None on a cluster.
    """

    name: str
    title: str
    utc_s: float
    preset: str
    resources: dict[str, Any]
    code: str | None
    commit: str | None
    dirty: bool | None
    command: str
    tasks: tuple[Task, ...]
    process: tuple[str, int] | None = None

    @property
    def paths(self) -> SubmissionPaths:
        """The paths of its folder and files."""
        return SubmissionPaths(Home.find().slurm / self.name)


@dataclass(frozen=True)
class SubmissionPaths:
    """The folder of one submission: `$BENCH_HOME/slurm/<name>/`."""

    root: Path

    @property
    def tasks(self) -> Path:
        """The file of jobs that workers read; written once, before anything is submitted."""
        return self.root / "tasks.json"

    @property
    def facts(self) -> Path:
        """The file of the Submission; it exists only once everything was submitted."""
        return self.root / "submission.json"

    @property
    def logs(self) -> Path:
        """The folder of submitit's pickles and of the tasks' output."""
        return self.root / "logs"

    def log(self, task: Task, index: int) -> Path:
        """The file of the task's output."""
        return self.logs / (f"{task.slurm_job}_0_log.out" if task.slurm_job else f"{index}.out")


def new_name() -> str:
    """A name that sorts by time, with a random part, because two commands may submit in the same second."""
    return f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(3)}"


def write_tasks(paths: SubmissionPaths, jobs: Sequence[tuple[Job, str | None]]) -> None:
    """Write the file that workers read: each job with the id of the only fit to train, None for the whole cell."""
    entries = [{"job": to_plain(job), "fit": fit} for job, fit in jobs]
    write_atomic(paths.tasks, json.dumps(entries))


def read_jobs(paths: SubmissionPaths, indices: Sequence[int]) -> list[Job]:
    """The jobs of these indices. Raises RecordError."""
    try:
        entries = _entries(paths.tasks, paths.tasks.stat().st_mtime_ns)
    except OSError as error:
        raise RecordError(f"{paths.tasks}: could not be read: {error}") from error
    return [decode_job(json.dumps(entries[index]["job"]), f"{paths.tasks}: job {index}") for index in indices]


@lru_cache(maxsize=8)
def _entries(path: Path, written_ns: int) -> list[Any]:  # noqa: ARG001  # a file that was replaced is another one
    """The entries of a `tasks.json`; cached, because cancelled tasks are read one by one."""
    entries: list[Any] = read_json(path, RecordError)
    return entries


def write_submission(submission: Submission) -> None:
    """Write or replace a submission's `submission.json`."""
    write_atomic(submission.paths.facts, json.dumps(to_plain(submission)) + "\n")


def read_submission(path: Path) -> Submission:
    """Read a `submission.json`. Raises RecordError."""
    try:
        values = read_json(path, RecordError)
        tasks = tuple(
            Task(**{**task, "fits": tuple((method, fit_id) for method, fit_id in task["fits"])})
            for task in values.pop("tasks")
        )
        process = values.pop("process")
        return Submission(**values, tasks=tasks, process=tuple(process) if process else None)
    except (AttributeError, TypeError, KeyError) as error:
        raise RecordError(f"{path}: not the facts of a submission ({error}); remove its folder") from error


def submissions() -> list[Submission]:
    """All submissions of this $BENCH_HOME, the oldest first."""
    return [read_submission(path) for path in sorted(Home.find().slurm.glob("*/submission.json"))]


def find_submission(name: str) -> Submission:
    """The submission of that name, or the only one whose name starts with it. Raises UnknownNameError."""
    known = {submission.name: submission for submission in submissions()}
    near = [key for key in known if key.startswith(name)]
    if name not in known and len(near) != 1:
        raise UnknownNameError("submission", name, known)
    return known.get(name) or known[near[0]]


def latest_tasks(known: Sequence[Submission]) -> dict[tuple[str, str | None], tuple[Submission, int]]:
    """(run_id, fit) of every task -> the last submission that contains it, and its index there."""
    latest: dict[tuple[str, str | None], tuple[Submission, int]] = {}
    for submission in known:
        for index, task in enumerate(submission.tasks):
            latest[task.run_id, task.fit] = (submission, index)
    return latest


def with_slurm_jobs(submission: Submission, slurm_jobs: Sequence[str]) -> Submission:
    """A copy of the submission with Slurm's ids of its tasks, in their order."""
    tasks = (replace(task, slurm_job=job) for task, job in zip(submission.tasks, slurm_jobs, strict=True))
    return replace(submission, tasks=tuple(tasks))


def only_submitter() -> AbstractContextManager[bool]:
    """The lock under which a command plans and submits, so that no cell is submitted twice. Raises RecordError."""
    return held(Home.find().slurm / "lock", "submits cells")
