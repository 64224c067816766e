"""Trains in several processes, one per device: starts the library's data-parallel loop and watches it.

Imports neither the library nor the trainer at the top: the library reads a process's rank when it is imported.
"""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.core.errors import BenchError, ConfigError

if TYPE_CHECKING:
    from benchmark.core.method import Report
    from methods._ultralytics.trainer import Training

_LOOK_EVERY_S = 0.2
_HELD_BACK = frozenset({signal.SIGUSR2})
"""signals that a cluster sends to every process of a task; only the parent process handles them"""


def train(training: Training) -> None:
    """Train; the state after the last epoch is in run_dir. `training.model` changes only where one process trains.

    Each process takes its share of every batch, so a step averages over the same number of images; normalisation
    within a process (batch norm, the number of boxes) differs. Raises ConfigError where the batch cannot be divided
    by the processes, and the errors of the processes.
    """
    if training.processes == 1:
        from methods._ultralytics.trainer import SampleTrainer

        SampleTrainer(training).train()
        return
    if training.recipe.batch % training.processes:
        raise ConfigError(
            f"a batch of {training.recipe.batch} cannot be divided by {training.processes} devices; choose a number "
            "of devices that divides it, or --set batch=N, which is another recipe"
        )
    _train_together(training)


def _train_together(training: Training) -> None:
    import torch
    from torch.multiprocessing import get_context
    from torch.multiprocessing.spawn import ProcessExitedException, ProcessRaisedException, start_processes
    from ultralytics.utils.dist import find_free_network_port

    from methods._torch.state import raise_if_stopped

    events: Any = get_context("spawn").SimpleQueue()
    content = pickle.dumps(replace(training, job=replace(training.job, report=None)))
    threads = max(1, torch.get_num_threads() // training.processes) if training.device == "cpu" else 0
    with _not_to_children():
        started = start_processes(
            _train_rank,
            (content, training.processes, find_free_network_port(), threads, events),
            training.processes,
            join=False,
        )
    try:
        while not started.join(timeout=_LOOK_EVERY_S):
            _pass_on(events, training.job.report)
            raise_if_stopped()
    except (ProcessRaisedException, ProcessExitedException) as error:
        _pass_on(events, training.job.report)
        reason = str(error).strip().splitlines()[-1]
        raise BenchError(f"training: process {error.error_index} of {training.processes} ended: {reason}") from error
    finally:
        for process in started.processes:
            process.kill()  # does nothing to one that has ended
            process.join()
    _pass_on(events, training.job.report)


def _pass_on(events: Any, report: Report | None) -> None:
    while not events.empty():
        event = events.get()
        if isinstance(event, BenchError):
            raise event
        if report is not None:
            report(event)


@contextmanager
def _not_to_children() -> Iterator[None]:
    """Block signals: processes started in this context never receive them, this one receives them at its end."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _HELD_BACK)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _train_rank(rank: int, content: bytes, processes: int, port: int, threads: int, events: Any) -> None:
    """Train in one of the processes; rank 0 reports. content: the pickled Training, which is imported only here."""
    os.environ.update(
        RANK=str(rank),
        LOCAL_RANK=str(rank),
        WORLD_SIZE=str(processes),
        MASTER_ADDR="127.0.0.1",
        MASTER_PORT=str(port),
    )
    from methods._ultralytics.library import prepare

    prepare()
    import torch

    from methods._ultralytics.trainer import SampleTrainer

    if threads:
        torch.set_num_threads(threads)
    training: Training = pickle.loads(content)  # noqa: S301 - written by the process that started this one
    training = replace(training, job=replace(training.job, report=events.put if rank == 0 else None))
    log = training.job.run_dir / "library.log" if rank == 0 else Path(os.devnull)
    try:
        with log.open("a", encoding="utf-8") as file, redirect_stdout(file):
            SampleTrainer(training).train()
    except BenchError as error:
        events.put(error)
        raise
    finally:
        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()
