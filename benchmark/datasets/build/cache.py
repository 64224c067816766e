"""Cache of values computed from files, by path, size and modification time, so that a killed build can continue.

One SQLite file. Values of files modified within the last two seconds are not cached: another change with the same
modification time would not be noticed (like git's "racy" index entries).
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SETTLED_NS = 2_000_000_000
"""age from which a file's value is cached"""
ROWS_PER_QUERY = 500
_TABLE = (
    "CREATE TABLE IF NOT EXISTS facts (kind TEXT, path TEXT, size INTEGER, mtime_ns INTEGER, value BLOB, "
    "PRIMARY KEY (kind, path)) WITHOUT ROWID"
)


class Cache:
    """Values (bytes) by kind and file. To be used only in the thread that opened it."""

    def __init__(self, connection: sqlite3.Connection | None) -> None:
        self._connection = connection

    @classmethod
    def none(cls) -> Cache:
        """A cache that stores nothing."""
        return cls(None)

    def get(self, kind: str, paths: Sequence[Path]) -> dict[Path, bytes]:
        """The cached values of those files that have not changed since."""
        if self._connection is None:
            return {}
        known: dict[str, tuple[int, int, bytes]] = {}
        for start in range(0, len(paths), ROWS_PER_QUERY):
            part = [str(path) for path in paths[start : start + ROWS_PER_QUERY]]
            marks = ",".join("?" * len(part))
            query = f"SELECT path, size, mtime_ns, value FROM facts WHERE kind = ? AND path IN ({marks})"  # noqa: S608
            known |= {row[0]: (row[1], row[2], row[3]) for row in self._connection.execute(query, (kind, *part))}
        return {path: known[str(path)][2] for path in paths if str(path) in known and _same(path, known[str(path)])}

    def put(self, kind: str, values: Mapping[Path, bytes]) -> None:
        """Store values; they are on disk when this returns."""
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
    """The cache in that file. A damaged file is replaced; where it cannot be written, nothing is cached."""
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
    """The value of every path in order, from the cache or computed once, in threads.

    New values are stored every ROWS_PER_QUERY files and when the iteration ends, also by an error.

    Args:
        cache: where values are stored.
        kind: name and version of the values.
        paths: the files, which may repeat.
        compute: file to value.
        workers: number of threads.
    """
    known = cache.get(kind, paths)
    missing = [path for path in dict.fromkeys(paths) if path not in known]
    unsaved: dict[Path, bytes] = {}
    with ThreadPoolExecutor(workers) as pool:
        computed_now = zip(missing, pool.map(compute, missing), strict=True)
        try:
            for path in paths:
                if path not in known:
                    done, value = next(computed_now)
                    known[done] = unsaved[done] = value
                    if len(unsaved) >= ROWS_PER_QUERY:
                        cache.put(kind, unsaved)
                        unsaved = {}
                yield known[path]
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            cache.put(kind, unsaved)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=60)
    connection.execute(_TABLE)
    return connection


def _same(path: Path, known: tuple[int, int, bytes]) -> bool:
    stat = path.stat()
    return known[:2] == (stat.st_size, stat.st_mtime_ns)
