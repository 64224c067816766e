"""Submits tasks as arrays through submitit; each task runs a worker and is requeued after a signal to stop."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import submitit

from benchmark.core.errors import EXIT_STOPPED, BenchError, ConfigError
from slurm.queue import SlurmError, cancel, max_array_size, require_slurm

if TYPE_CHECKING:  # every task imports this module before its worker starts
    from slurm.resources import Resources

_TIME_TO_REQUEUE_S = 10
"""seconds before the kill that submitit needs to write its pickle and requeue the job"""
_TO_BE_ENDED_S = 120
"""how long to wait for Slurm to end the job after it signalled the worker but not this process"""


class Attempt(submitit.helpers.Checkpointable):
    """One attempt at a task: starts the worker as a child and waits for it.

    On USR2 (preemption, or the time limit is near) submitit calls `checkpoint`, which waits until the child has
    saved; submitit then requeues the job, and the next attempt starts the same command, which continues.
    """

    def __init__(self, command: Sequence[str], variables: dict[str, str], patience_s: float) -> None:
        self.command = list(command)
        self.variables = variables
        self.patience_s = patience_s
        self._child: subprocess.Popen[bytes] | None = None

    def __call__(self) -> int:
        """Run the worker and return 0. Raises RuntimeError for any other exit status, so that the task fails."""
        self._child = subprocess.Popen(self.command, env={**os.environ, **self.variables})  # noqa: S603 - our own
        status = _ended(self._child.pid)
        if status == EXIT_STOPPED:  # TERM reached it and not us: the job is being cancelled, or preempted without USR2
            time.sleep(_TO_BE_ENDED_S)
        if status:
            raise RuntimeError(f"the worker {_how(status)}")
        return status

    def checkpoint(self) -> Any:
        """Wait until the child has saved and ended; return the next attempt, None if the child had finished."""
        if self._child is not None:
            os.kill(self._child.pid, signal.SIGUSR2)  # srun signals the whole step, but not every site uses srun
            status = _ended_within(self._child.pid, self.patience_s)
            if status is None:
                os.kill(self._child.pid, signal.SIGKILL)  # what it saved after its last epoch is on disk
                status = _ended(self._child.pid)
            if status == 0:
                return None
        return submitit.helpers.DelayedSubmission(Attempt(self.command, self.variables, self.patience_s))


@dataclass(frozen=True)
class Array:
    """Tasks that are submitted together.

    commands: one per task. variables: environment variables of the workers. after: indices of the arrays that must
    end first, successfully or not: a cell whose shared fit failed trains it itself, and its record gives the reason.
    """

    commands: tuple[tuple[str, ...], ...]
    variables: dict[str, str]
    after: tuple[int, ...] = ()


def submit(name: str, arrays: Sequence[Array], resources: Resources, logs: Path, code: Path | None) -> list[list[str]]:
    """Submit arrays in order and return Slurm's task ids per array; an array above Slurm's limit is split.

    Where sbatch refuses an array, those already submitted are cancelled. Raises SlurmError, ConfigError.

    Args:
        name: of the Slurm jobs.
        arrays: each comes after those it waits for.
        resources: of each task.
        logs: the folder for submitit's files and the logs.
        code: folder of the snapshot that workers import, None for the installed package.
    """
    require_slurm()
    limit = max_array_size()
    ids_of_arrays: list[list[str]] = []
    try:
        for array in arrays:
            ids_of_arrays.append([])
            waits_for = {job.partition("_")[0] for index in array.after for job in ids_of_arrays[index]}
            executor = _executor(name, resources, logs, code, sorted(waits_for))
            for start in range(0, len(array.commands), limit):
                ids_of_arrays[-1] += _map(executor, array, array.commands[start : start + limit], resources)
    except BaseException:
        submitted = [job for ids in ids_of_arrays for job in ids]
        if submitted:
            with contextlib.suppress(BenchError):
                cancel(submitted)
        raise
    return ids_of_arrays


def _map(executor: Any, array: Array, commands: Sequence[Sequence[str]], resources: Resources) -> list[str]:
    patience_s = max(resources.signal_delay_s - _TIME_TO_REQUEUE_S, resources.signal_delay_s / 2)
    attempts = [Attempt(command, array.variables, patience_s) for command in commands]
    try:
        jobs = executor.submit_array(attempts)
    except (submitit.core.utils.FailedJobError, subprocess.SubprocessError, OSError) as error:
        lines = str(error).strip().splitlines()
        errors = [line for line in lines if "error" in line.lower()] or lines
        raise SlurmError(
            f"sbatch refused, nothing was submitted: {errors[-1].removeprefix('sbatch: error: ')}"
        ) from error
    return [str(job.job_id) for job in jobs]


def _executor(name: str, resources: Resources, logs: Path, code: Path | None, waits_for: Sequence[str]) -> Any:
    # A signal that arrives before submitit has set its handler would kill the task: ignored until then. Preemption
    # requeues such a task all the same.
    guarded = f'sh -c \'trap "" USR2; exec "$0" -P "$@"\' {shlex.quote(sys.executable)}'
    executor = submitit.SlurmExecutor(folder=logs, max_num_timeout=resources.requeues, python=guarded)
    dependency = ",".join(filter(None, [resources.dependency, f"afterany:{':'.join(waits_for)}" if waits_for else ""]))
    more: dict[str, Any] = {"requeue": True, "kill-on-invalid-dep": "yes"}
    if code is not None:
        more["chdir"] = str(code)
    setup = [*resources.setup]
    if code is not None:
        setup.append(f"export PYTHONPATH={shlex.quote(str(code))}${{PYTHONPATH:+:$PYTHONPATH}}")
    asked = {
        "job_name": name,
        "time": resources.time_min,
        "cpus_per_task": resources.cpus,
        "mem": f"{round(resources.memory_gb * 1024)}MB",
        "gpus_per_node": resources.gpus or None,
        "array_parallelism": resources.parallel,
        "signal_delay_s": resources.signal_delay_s,
        "stderr_to_stdout": True,
        "setup": setup or None,
        "dependency": dependency or None,
        "additional_parameters": more,
        # srun of 22.05 and later does not take this over from sbatch.
        "srun_args": [f"--cpus-per-task={resources.cpus}"],
        **{
            key: getattr(resources, key) for key in ("partition", "account", "qos", "constraint", "exclude", "nodelist")
        },
    }
    try:
        executor.update_parameters(**{key: value for key, value in asked.items() if value is not None})
    except ValueError as error:
        raise ConfigError(f"submitit refused the preset: {error}") from error
    return executor


def _how(status: int) -> str:
    if status == EXIT_STOPPED:
        return "was stopped by a signal, and Slurm did not end the job"
    if status < 0:
        name = signal.Signals(-status).name
        return f"was killed by {name}" + (" (out of memory?)" if status == -signal.SIGKILL else "")
    return f"ended with status {status}"


def _ended(process: int, flags: int = 0) -> int:
    """Wait for a child without reaping it and return its exit status, negative for the signal that killed it.

    `checkpoint` runs in a signal handler that interrupts the wait of `__call__`; Popen's own wait would never get the
    lock that the interrupted call holds.
    """
    ended = os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT | flags)
    if ended is None:
        raise BlockingIOError(process)
    return int(ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status)


def _ended_within(process: int, limit_s: float) -> int | None:
    """As `_ended`; None where the child still runs after `limit_s`."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        with contextlib.suppress(BlockingIOError):
            return _ended(process, os.WNOHANG)
        time.sleep(0.05)
    return None
