"""The whole state of a training after an epoch, in full precision, so that a continued run equals an undisturbed one.

The library's own resume restarts from a half-precision EMA and keeps no random state. Random numbers need no storage
here: every epoch seeds all generators from (seed, epoch).
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from benchmark.core.errors import RecordError
from benchmark.core.files import written_whole

STATE_FILE = "state.pt"


def seed_everything(seed: int, epoch: int) -> None:
    """Seed Python, numpy and torch (all devices) for one epoch; epoch -1 is the building of the model."""
    mixed = int(np.random.SeedSequence([seed, epoch + 1]).generate_state(1)[0])
    random.seed(mixed)
    np.random.seed(mixed)  # noqa: NPY002  # the library's augmentations draw from numpy's global generator
    torch.manual_seed(mixed)


def save_state(trainer: Any, path: Path, facts: dict[str, Any]) -> None:
    """Write the state after `trainer.epoch`, atomically: a kill in the middle leaves the previous one."""
    state = {
        "next_epoch": trainer.epoch + 1,
        "model": trainer.model.state_dict(),
        "ema": trainer.ema.ema.state_dict(),
        "ema_updates": trainer.ema.updates,
        "optimizer": trainer.optimizer.state_dict(),
        "scaler": trainer.scaler.state_dict(),
        "facts": facts,
    }
    write_tensors(state, path)


def load_state(trainer: Any, path: Path) -> dict[str, Any]:
    """Put a saved state back, set where to continue, give the saved facts. Raises RecordError if it does not fit."""
    state = read_tensors(path)
    try:
        trainer.model.load_state_dict(state["model"])
        trainer.ema.ema.load_state_dict(state["ema"])
        trainer.optimizer.load_state_dict(state["optimizer"])
        trainer.scaler.load_state_dict(state["scaler"])
        trainer.ema.updates = state["ema_updates"]
        trainer.start_epoch = state["next_epoch"]
        facts: dict[str, Any] = state["facts"]
    except (KeyError, RuntimeError, ValueError) as error:
        raise RecordError(f"{path}: not a state of this training ({error}); use --refit to start again") from error
    return facts


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
