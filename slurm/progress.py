"""Reads the progress of a fit and the last line of a log from the ends of their files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.core.errors import RecordError
from benchmark.core.loading import parse_json
from benchmark.core.paths import Home

_EVENT_BYTES = 16_384


@dataclass(frozen=True)
class Progress:
    """Progress of a running fit.

    fit: name of its method. epoch: counts from 1. remaining_s: None until the speed is known. time_s: of the last
    event.
    """

    fit: str
    epoch: int
    epochs: int
    remaining_s: float | None
    time_s: float


def read_progress(fits: Sequence[tuple[str, str]]) -> Progress | None:
    """Progress of the unfinished fit that reported last; None where no fit has reported.

    fits: (method, fit_id) of the fits that a cell needs.
    """
    running = [_progress(method, fit_id) for method, fit_id in fits if not Home.find().fit(fit_id).record.is_file()]
    known = [progress for progress in running if progress]
    return max(known, key=lambda progress: progress.time_s) if known else None


def last_line(path: Path) -> str:
    """The last line of a text file that is not blank; "" where there is none."""
    lines = _tail(path, _EVENT_BYTES).strip().splitlines()
    return lines[-1].strip() if lines else ""


def _progress(method: str, fit_id: str) -> Progress | None:
    lines = _tail(Home.find().fit(fit_id).events, _EVENT_BYTES).splitlines()
    events: list[dict[str, Any]] = []
    for line in lines:
        if '"fit_id"' in line:  # a new attempt, perhaps on another node: the speed of earlier ones does not count
            events = []
        elif event := _event(line):
            events.append(event)
    if not events:
        return None
    first, last = events[0], events[-1]
    done, since = _epochs(last), _epochs(last) - _epochs(first)
    rate = since / (last["time_s"] - first["time_s"]) if since > 0 and last["time_s"] > first["time_s"] else None
    remaining = (last["epochs"] - done) / rate if rate else None
    return Progress(method, last["epoch"], last["epochs"], remaining, last["time_s"])


def _epochs(event: dict[str, Any]) -> float:
    """Epochs done at an event, including the finished fraction of the running one."""
    return float(event["epoch"] - 1 + event.get("step", 1) / max(event.get("steps", 1), 1))


def _event(line: str) -> dict[str, Any] | None:
    try:
        event = parse_json(line, "an event", RecordError)
    except RecordError:  # the first line of a tail is cut, the last may not be complete yet
        return None
    return event if isinstance(event, dict) and {"epoch", "epochs", "time_s"} <= event.keys() else None


def _tail(path: Path, size: int) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(os.fstat(file.fileno()).st_size - size, 0))
            return file.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
