"""W&B's folders of offline runs below `$BENCH_HOME/wandb`: which are still written to, and which are uploaded."""

from __future__ import annotations

from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmark.core.errors import RecordError
from benchmark.core.files import held
from benchmark.core.paths import Home

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
        """Whether it is uploaded, by the marker that W&B leaves:  its exit status is 0 whatever happens."""
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
        if self._lock.is_file():
            with suppress(RecordError), held(self._lock, f"looks at {self.path.name}", wait=False) as nobody_writes:
                return not nobody_writes
        return False

    def written(self) -> AbstractContextManager[bool]:
        """Take the lock of its writer."""
        return held(self._lock, f"writes {self.path.name}")

    def set_aside(self) -> Path:
        """Move it out of the folder of runs; returns its new path."""
        target = self.path.parent / UNREADABLE / self.path.name
        target.parent.mkdir(exist_ok=True)
        return self.path.rename(target)

    @property
    def _lock(self) -> Path:
        return self.path / ".bench-open"


def offline_runs(home: Path) -> list[RunFolder]:
    """All of them, the oldest first: attempts of one run are uploaded in their order."""
    return sorted(RunFolder(path) for path in Home(home).wandb.glob("offline-run-*") if path.is_dir())
