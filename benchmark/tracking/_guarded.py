"""A tracker that cannot end a run: the first failure is said in one line, and nothing is tracked from then on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any

from benchmark.tracking._tracker import Picture, Tracker


class Guarded:
    """Hands calls on. Only what is no Exception (Ctrl-C, a signal's exit) passes through."""

    def __init__(self, tracker: Tracker) -> None:
        self._tracker: Tracker | None = tracker

    def __enter__(self) -> Guarded:
        self._try(lambda tracker: tracker.__enter__())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._try(lambda tracker: tracker.__exit__(kind, error, trace))

    def log(self, values: Mapping[str, Any]) -> None:
        """As the tracker's."""
        self._try(lambda tracker: tracker.log(values))

    def summary(self, values: Mapping[str, Any]) -> None:
        """As the tracker's."""
        self._try(lambda tracker: tracker.summary(values))

    def table(self, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """As the tracker's."""
        self._try(lambda tracker: tracker.table(name, rows))

    def pictures(self, name: str, pictures: Sequence[Picture]) -> None:
        """As the tracker's."""
        self._try(lambda tracker: tracker.pictures(name, pictures))

    def artifact(self, name: str, kind: str, uri: str, sha256: str) -> None:
        """As the tracker's."""
        self._try(lambda tracker: tracker.artifact(name, kind, uri, sha256))

    @property
    def failed(self) -> bool:
        """Whether it has given up."""
        return self._tracker is None

    def _try(self, call: Callable[[Tracker], object]) -> None:
        if self._tracker is None:
            return
        try:
            call(self._tracker)
        except Exception as error:  # noqa: BLE001 - whatever a tracking library raises, the run matters more
            self._tracker = None
            said = (str(error).strip().splitlines() or ["no message"])[0]
            print(f"bench: tracking stopped, the run goes on: {type(error).__name__}: {said}", file=sys.stderr)
