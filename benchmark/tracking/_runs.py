"""W&B's run folders below `$BENCH_HOME/wandb`: which of them are still written to, and which are uploaded."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_HEADER = b":W&B"
_EMPTY_BYTES = 7
"""a log that holds its header and nothing else"""


@dataclass(frozen=True, order=True)
class OfflineRun:
    """A folder `offline-run-<time>-<id>` or, where a server answered, `run-<time>-<id>`; sorted by time."""

    path: Path

    @property
    def run_id(self) -> str:
        """The id of the W&B run; several folders of one id are its attempts."""
        return self.log.stem.removeprefix("run-")

    @property
    def time(self) -> str:
        """When it was started, as the folder's name says; a suffix tells folders of one second apart."""
        return self.path.name.removeprefix("offline-").removeprefix("run-")

    @property
    def log(self) -> Path:
        """W&B's transaction log: everything that was tracked."""
        return next(iter(sorted(self.path.glob("run-*.wandb"))), self.path / "run-unknown.wandb")

    @property
    def is_sent(self) -> bool:
        """Whether the server has all of it: by W&B's own marker, or by ours for one that was online."""
        return self.log.with_name(self.log.name + ".synced").exists() or self._ours("sent").exists()

    @property
    def is_readable(self) -> bool:
        """Whether the log holds anything: a job killed in its first second leaves a header alone."""
        try:
            with self.log.open("rb") as file:
                start = file.read(_EMPTY_BYTES + 1)
        except OSError:
            return False
        return start.startswith(_HEADER) and len(start) > _EMPTY_BYTES

    @property
    def is_open(self) -> bool:
        """Whether a process still writes to it; uploading it now would lose what comes after."""
        try:
            descriptor = os.open(self._ours("open"), os.O_RDWR)
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
        """Hold the folder as its writer; the lock goes with the process, however that ends."""
        descriptor = os.open(self._ours("open"), os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        finally:
            os.close(descriptor)

    def mark_sent(self) -> None:
        """Everything was uploaded while it ran; a run that was offline is only marked by W&B itself."""
        if not self.path.name.startswith("offline-"):
            self._ours("sent").touch()

    def _ours(self, name: str) -> Path:
        return self.path / f".bench-{name}"


def tracked_runs(home: Path) -> list[OfflineRun]:
    """All of them, the oldest first: attempts of one run must be uploaded in their order."""
    folder = home / "wandb"
    found = (OfflineRun(p) for pattern in ("offline-run-*", "run-*") for p in folder.glob(pattern) if p.is_dir())
    return sorted(found, key=lambda run: (run.time, run.path.name))
