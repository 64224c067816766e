"""The protocol of a tracker: nothing above this package sees an object of a tracking library."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from numpy.typing import NDArray


@dataclass(frozen=True)
class TrackedRun:
    """What is tracked. `run_id` is the cell's or the fit's own id, so that requeues and re-syncs make one run."""

    run_id: str
    name: str
    kind: str
    """`fit` or `cell`"""
    group: str
    tags: tuple[str, ...] = ()
    config: Mapping[str, Any] = field(default_factory=dict)
    axis: str | None = None
    """the logged value that charts are drawn over, instead of the count of rows"""


@dataclass(frozen=True, eq=False)
class Picture:
    """One image with detections and ground truth.

    found_xyxy (N, 4), scores (N,), found_names N; truth_xyxy (M, 4), truth_names M: pixels of the original image.
    """

    image_id: int
    path: Path
    found_xyxy: NDArray[Any]
    scores: NDArray[Any]
    found_names: Sequence[str]
    truth_xyxy: NDArray[Any]
    truth_names: Sequence[str]


class Tracker(Protocol):
    """Used as a context manager: an exception that leaves the block marks the run as failed."""

    def __enter__(self) -> Tracker: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def log(self, values: Mapping[str, Any]) -> None:
        """Append one row to the history."""
        ...

    def summary(self, values: Mapping[str, Any]) -> None:
        """Set headline values."""
        ...

    def table(self, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Set a table; all rows have the first one's columns."""
        ...

    def pictures(self, name: str, pictures: Sequence[Picture]) -> None:
        """Set a table of images with boxes, as many as the settings allow."""
        ...

    def artifact(self, name: str, kind: str, uri: str, sha256: str) -> None:
        """Name a file by reference and digest; its bytes stay where they are."""
        ...


class Silent:
    """A tracker that does nothing."""

    def __enter__(self) -> Silent:
        return self

    def __exit__(self, *_: object) -> None: ...

    def log(self, values: Mapping[str, Any]) -> None:
        """Do nothing."""

    def summary(self, values: Mapping[str, Any]) -> None:
        """Do nothing."""

    def table(self, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Do nothing."""

    def pictures(self, name: str, pictures: Sequence[Picture]) -> None:
        """Do nothing."""

    def artifact(self, name: str, kind: str, uri: str, sha256: str) -> None:
        """Do nothing."""


def is_first_process() -> bool:
    """False in the other processes of one training on several GPUs, and in a Slurm step's other tasks."""
    rank = os.environ.get("RANK", os.environ.get("SLURM_PROCID", "0"))
    return rank in ("", "0", "-1")
