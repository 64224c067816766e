"""Files of tensors that are whole or absent and never executed; seeds; a training that can be stopped."""

from __future__ import annotations

import random
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from benchmark.core.errors import InterruptedFitError, RecordError
from benchmark.core.files import written_whole


def seed_everything(seed: int, epoch: int) -> None:
    """Seed Python, numpy and torch (all devices) for one epoch; epoch -1 is the building of the model."""
    mixed = int(np.random.SeedSequence([seed, epoch + 1]).generate_state(1)[0])
    random.seed(mixed)
    np.random.seed(mixed)  # noqa: NPY002  # the library's augmentations draw from numpy's global generator
    torch.manual_seed(mixed)


def epochs_done(path: Path) -> int:
    """How many epochs the state at `path` has behind it, 0 where there is none."""
    return int(read_tensors(path).get("next_epoch", 0)) if path.is_file() else 0


def take_trained(model: torch.nn.Module, path: Path, weights: Literal["ema", "model"]) -> dict[str, Any]:
    """Put a state's averaged or live weights into `model`, give its facts. Raises RecordError if it does not fit."""
    state = read_tensors(path)
    try:
        model.load_state_dict(state[weights])
        facts: dict[str, Any] = state["facts"]
    except (KeyError, RuntimeError) as error:
        raise RecordError(f"{path}: not a state of this training ({error}); use --refit to start again") from error
    return facts


def write_tensors(value: dict[str, Any], path: Path) -> None:
    """torch.save, whole or not at all. Raises RecordError where the disk is full."""
    with written_whole(path) as waiting, waiting.open("wb") as file:
        torch.save(value, file)


def read_tensors(path: Path) -> dict[str, Any]:
    """A file of tensors and plain values; nothing in it is executed. Raises RecordError."""
    try:
        value = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise RecordError(
            f"{path}: not a readable state dict ({type(error).__name__}); fetch or train it again"
        ) from error
    if not isinstance(value, dict):
        raise RecordError(f"{path}: holds a {type(value).__name__}, expected a state dict")
    return value


_told: list[str] = []
"""names of the signals that asked this process's training to stop"""


def stop_if_told() -> None:
    """Raise once more what a signal raised: C code of a library may have swallowed it. Called once per batch."""
    if _told:
        raise KeyboardInterrupt(_told[-1])


@contextmanager
def interruptible(state: Path) -> Iterator[None]:
    """Ctrl-C and the signals of a cluster end the training; `state` holds the last whole epoch already."""

    def stop(number: int, _frame: Any) -> None:
        _told.append(signal.Signals(number).name)
        stop_if_told()

    in_main = threading.current_thread() is threading.main_thread()
    caught = (signal.SIGTERM, signal.SIGUSR2) if in_main else ()
    before = {number: signal.signal(number, stop) for number in caught}
    try:
        yield
    except KeyboardInterrupt as interrupt:
        kept = "the last finished epoch is kept" if state.is_file() else "no epoch was finished"
        why = str(interrupt) or "Ctrl-C"
        raise InterruptedFitError(f"training stopped by {why}; {kept}, the same command continues it") from interrupt
    finally:
        _told.clear()
        for number, handler in before.items():
            signal.signal(number, handler)
