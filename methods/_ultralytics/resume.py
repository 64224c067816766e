"""Saves and loads the state of a training in full precision: a resumed run equals an uninterrupted one.

The library's own resume starts from a half-precision EMA and loses the random state. Ours need not store it, because
every epoch seeds all generators from (seed, epoch).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ultralytics.utils.torch_utils import unwrap_model

from benchmark.core.errors import RecordError
from methods._torch.state import read_tensors, write_tensors


def save_state(trainer: Any, path: Path, facts: dict[str, Any]) -> None:
    """Write the state after `trainer.epoch`, atomically: a kill in the middle leaves the previous one."""
    state = {
        "next_epoch": trainer.epoch + 1,
        "model": unwrap_model(trainer.model).state_dict(),
        "ema": trainer.ema.ema.state_dict(),
        "ema_updates": trainer.ema.updates,
        "optimizer": trainer.optimizer.state_dict(),
        "scaler": trainer.scaler.state_dict(),
        "facts": facts,
    }
    write_tensors(state, path)


def load_state(trainer: Any, path: Path) -> dict[str, Any]:
    """Restore a saved state and the epoch to continue with; the saved facts. Raises RecordError if it does not fit."""
    state = read_tensors(path)
    try:
        unwrap_model(trainer.model).load_state_dict(state["model"])
        trainer.ema.ema.load_state_dict(state["ema"])
        trainer.optimizer.load_state_dict(state["optimizer"])
        trainer.scaler.load_state_dict(state["scaler"])
        trainer.ema.updates = state["ema_updates"]
        trainer.start_epoch = state["next_epoch"]
        facts: dict[str, Any] = state["facts"]
    except (KeyError, RuntimeError, ValueError) as error:
        raise RecordError(f"{path}: not a state of this training ({error}); use --refit to start again") from error
    return facts
