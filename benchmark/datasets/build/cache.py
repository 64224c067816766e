"""What was once computed of an image file, kept by path, size and time of change: a killed build goes on where it was.

One SQLite file. A file that changed within the last two seconds is not kept: a second change in the same tick of the
clock would go unseen (as in git's racy index).
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SETTLED_NS = 2_000_000_000
ROWS_A_QUERY = 500
_TABLE = (
    "CREATE TABLE IF NOT EXISTS facts (kind TEXT, path TEXT, size INTEGER, mtime_ns INTEGER, value BLOB, "
    "PRIMARY KEY (kind, path)) WITHOUT ROWID"
)


class Cache:
    """Bytes a kind of fact and file. Used by the thread that opened it."""

    def __init__(self, connection: sqlite3.Connection | None) -> None:
        self._connection = connection

    @classmethod
    def none(cls) -> Cache:
        """Remembers nothing."""
        return cls(None)

    def get(self, kind: str, paths: Sequence[Path]) -> dict[Path, bytes]:
        """What is known of those files as they are now."""
        if self._connection is None:
            return {}
        known: dict[str, tuple[int, int, bytes]] = {}
        for start in range(0, len(paths), ROWS_A_QUERY):
            part = [str(path) for path in paths[start : start + ROWS_A_QUERY]]
            marks = ",".join("?" * len(part))
            query = f"SELECT path, size, mtime_ns, value FROM facts WHERE kind = ? AND path IN ({marks})"  # noqa: S608
            known |= {row[0]: (row[1], row[2], row[3]) for row in self._connection.execute(query, (kind, *part))}
        return {path: known[str(path)][2] for path in paths if str(path) in known and _same(path, known[str(path)])}

    def put(self, kind: str, values: Mapping[Path, bytes]) -> None:
        """Remember, on disk when this returns."""
        if self._connection is None:
            return
        now = time.time_ns()
        stats = [(path, path.stat(), value) for path, value in values.items() if path.is_file()]
        rows = [
            (kind, str(path), stat.st_size, stat.st_mtime_ns, value)
            for path, stat, value in stats
            if abs(now - stat.st_mtime_ns) > SETTLED_NS
        ]
        with self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?, ?, ?, ?)", rows)


@contextlib.contextmanager
def open_cache(path: Path) -> Iterator[Cache]:
    """The cache in that file; one that is damaged is made again, one that cannot be written is done without."""
    connection = None
    with contextlib.suppress(OSError, sqlite3.OperationalError):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            connection = _connect(path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            path.unlink()
            connection = _connect(path)
    try:
        yield Cache(connection)
    finally:
        if connection is not None:
            connection.close()


def computed(
    cache: Cache, kind: str, paths: Sequence[Path], compute: Callable[[Path], bytes], workers: int
) -> Iterator[bytes]:
    """The fact of every path in order, each computed at most once; several at a time where the work leaves the lock.

    What is new is saved every few hundred files and when this ends, however it ends.
    """
    known = cache.get(kind, paths)
    missing = [path for path in dict.fromkeys(paths) if path not in known]
    waiting: dict[Path, bytes] = {}
    with ThreadPoolExecutor(workers) as pool:
        fresh = zip(missing, pool.map(compute, missing), strict=True)
        try:
            for path in paths:
                if path not in known:
                    done, value = next(fresh)
                    known[done] = waiting[done] = value
                    if len(waiting) >= ROWS_A_QUERY:
                        cache.put(kind, waiting)
                        waiting = {}
                yield known[path]
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            cache.put(kind, waiting)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=60)
    connection.execute(_TABLE)
    return connection


def _same(path: Path, known: tuple[int, int, bytes]) -> bool:
    stat = path.stat()
    return known[:2] == (stat.st_size, stat.st_mtime_ns)
