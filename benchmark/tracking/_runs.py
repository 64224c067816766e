"""W&B's folders of offline runs below `$BENCH_HOME/wandb`: which are still written to, and which are uploaded."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

UNREADABLE = "unreadable"
"""folder beside them for those that hold nothing"""

_HEADER = b":W&B"
_HEADER_BYTES = 7


@dataclass(frozen=True, order=True)
class RunFolder:
    """`offline-run-<time>-<id>`: one attempt of the run with that id. They sort by time."""

    path: Path

    @property
    def run_id(self) -> str:
        """The id of the W&B run."""
        return self.log.stem.removeprefix("run-")

    @property
    def log(self) -> Path:
        """W&B's transaction log: everything that was tracked."""
        return next(iter(sorted(self.path.glob("run-*.wandb"))), self.path / "run-unknown.wandb")

    @property
    def is_uploaded(self) -> bool:
        """By the marker that W&B leaves, because its exit status is 0 whatever happens."""
        return self.log.with_name(self.log.name + ".synced").exists()

    @property
    def is_readable(self) -> bool:
        """Whether the log holds more than its header, which is all that a job killed in its first second leaves."""
        try:
            with self.log.open("rb") as file:
                start = file.read(_HEADER_BYTES + 1)
        except OSError:
            return False
        return start.startswith(_HEADER) and len(start) > _HEADER_BYTES

    @property
    def is_open(self) -> bool:
        """Whether a process still writes to it: uploaded now, it would count as done and lose what comes after."""
        try:
            descriptor = os.open(self._lock, os.O_RDWR)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(descriptor)
        return False

    @contextlib.contextmanager
    def written(self) -> Iterator[None]:
        """Hold it as its writer; the lock goes with the process, however that ends."""
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        finally:
            os.close(descriptor)

    def set_aside(self) -> Path:
        """Move it to where nobody looks for runs; its new place."""
        target = self.path.parent / UNREADABLE / self.path.name
        target.parent.mkdir(exist_ok=True)
        return self.path.rename(target)

    @property
    def _lock(self) -> Path:
        return self.path / ".bench-open"


def offline_runs(home: Path) -> list[RunFolder]:
    """All of them, the oldest first: attempts of one run are uploaded in their order."""
    return sorted(RunFolder(path) for path in (home / "wandb").glob("offline-run-*") if path.is_dir())
