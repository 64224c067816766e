"""A tracker that cannot end a run: the first failure is printed in one line, and nothing is tracked afterwards."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any

from benchmark.tracking._tracker import Picture, Tracker


class Guarded:
    """Forwards calls to a tracker. Only what is not an Exception (Ctrl-C, a signal's exit) passes through."""

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
        """See Tracker."""
        self._try(lambda tracker: tracker.log(values))

    def summary(self, values: Mapping[str, Any]) -> None:
        """See Tracker."""
        self._try(lambda tracker: tracker.summary(values))

    def table(self, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """See Tracker."""
        self._try(lambda tracker: tracker.table(name, rows))

    def pictures(self, name: str, pictures: Sequence[Picture]) -> None:
        """See Tracker."""
        self._try(lambda tracker: tracker.pictures(name, pictures))

    def artifact(self, name: str, kind: str, uri: str, sha256: str) -> None:
        """See Tracker."""
        self._try(lambda tracker: tracker.artifact(name, kind, uri, sha256))

    @property
    def failed(self) -> bool:
        """Whether tracking has stopped."""
        return self._tracker is None

    def _try(self, call: Callable[[Tracker], object]) -> None:
        if self._tracker is None:
            return
        try:
            call(self._tracker)
        except Exception as error:  # noqa: BLE001 - whatever a tracking library raises, the run matters more
            self._tracker = None
            message = (str(error).strip().splitlines() or ["no message"])[0]
            print(f"bench: tracking stopped, the run goes on: {type(error).__name__}: {message}", file=sys.stderr)
