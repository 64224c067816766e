"""Reads the library's own checkpoints in its allow-list mode. Call `library.prepare` first."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor
from ultralytics.nn import tasks

from benchmark.core.errors import RecordError, RefusedError


def read_checkpoint(path: Path) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """State dict and class names of a file whose digest was checked.

    The library rebuilds known classes of its own and of torch, and refuses files that contain others. Raises
    RecordError for such a file and for a damaged one, RefusedError where torch is too old for that mode.
    """
    if not tasks._SafeLoad.SUPPORTED:
        raise RefusedError(f"{path}: the library's allow-list mode needs torch 2.6 or newer, and nothing else reads it")
    try:
        stored, _ = tasks.torch_safe_load(str(path), safe_only=True)
        model = stored.get("ema") or stored["model"]
        names = model.names
        state: dict[str, Tensor] = model.state_dict()
    except Exception as error:
        reason = str(error).splitlines()[0][:200] if str(error) else ""
        raise RecordError(f"{path}: not a checkpoint of ultralytics ({type(error).__name__}: {reason})") from error
    ordered = names.values() if isinstance(names, dict) else names
    return state, tuple(str(name) for name in ordered)
