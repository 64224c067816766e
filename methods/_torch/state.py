"""Files of tensors, written completely or not at all and read without running code; seeds; stopping a training."""

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
    """Seed Python, numpy and torch (all devices) for one epoch; epoch -1 is for building the model."""
    mixed = int(np.random.SeedSequence([seed, epoch + 1]).generate_state(1)[0])
    random.seed(mixed)
    np.random.seed(mixed)  # noqa: NPY002  # the library's augmentations draw from numpy's global generator
    torch.manual_seed(mixed)


def epochs_done(path: Path) -> int:
    """The number of finished epochs of the state at `path`, 0 without a file."""
    return int(read_tensors(path).get("next_epoch", 0)) if path.is_file() else 0


def take_trained(model: torch.nn.Module, path: Path, weights: Literal["ema", "model"]) -> dict[str, Any]:
    """Load a state's averaged or trained weights into `model`; its facts. Raises RecordError if they do not fit."""
    state = read_tensors(path)
    try:
        model.load_state_dict(state[weights])
        facts: dict[str, Any] = state["facts"]
    except (KeyError, RuntimeError) as error:
        raise RecordError(f"{path}: not a state of this training ({error}); use --refit to start again") from error
    return facts


def write_tensors(value: dict[str, Any], path: Path) -> None:
    """Save with torch.save, completely or not at all. Raises RecordError where the disk is full."""
    with written_whole(path) as waiting, waiting.open("wb") as file:
        torch.save(value, file)


def read_tensors(path: Path) -> dict[str, Any]:
    """Read a file of tensors and plain values; no code in it is run. Raises RecordError."""
    try:
        value = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise RecordError(
            f"{path}: not a readable state dict ({type(error).__name__}); fetch or train it again"
        ) from error
    if not isinstance(value, dict):
        raise RecordError(f"{path}: holds a {type(value).__name__}, expected a state dict")
    return value


_received: list[str] = []
"""names of the signals to stop that this process's training received"""


def raise_if_stopped() -> None:
    """Raise KeyboardInterrupt again after a signal to stop: C code may have swallowed the first. Called per batch."""
    if _received:
        raise KeyboardInterrupt(_received[-1])


@contextmanager
def interruptible(state: Path) -> Iterator[None]:
    """Turn Ctrl-C and a cluster's signals to stop into InterruptedFitError. state: file of the last finished epoch."""

    def stop(number: int, _frame: Any) -> None:
        _received.append(signal.Signals(number).name)
        raise_if_stopped()

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
        _received.clear()
        for number, handler in before.items():
            signal.signal(number, handler)
