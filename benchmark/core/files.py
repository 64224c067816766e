"""Atomic writing of files, and locks between processes."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmark.core.errors import RecordError


@contextlib.contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Yield a temporary path in the same folder; after the block, flush that file to disk and rename it to `path`.

    A reader sees the old file or the new one, never a part, even if the process is killed. Raises RecordError that
    names the file if the disk is full or the folder cannot be written.
    """
    # A random name, because processes of two machines that share a file system can have the same id.
    waiting = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield waiting
        with waiting.open("rb") as file:
            os.fsync(file.fileno())
        waiting.replace(path)
    except OSError as error:
        raise RecordError(f"{path}: could not be written: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            waiting.unlink()


@contextlib.contextmanager
def held(path: Path, purpose: str, *, wait: bool = True) -> Iterator[bool]:
    """Hold a lock file against other processes, also those of other machines that share the folder.

    The lock is released after the block or at the end of the process, even a killed one; the file stays.

    Args:
        path: the lock file; it and its folder are created if missing.
        purpose: what the holder does, such as `trains 0123`; a process that waits prints it once.
        wait: wait until the lock is free; otherwise the block runs even if another process holds it.

    Yields whether this process holds the lock. Raises RecordError that names the file if it cannot be created.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415  # a tenth of a second, for commands that lock nothing

    # thread_local: any thread may release it. fallback_to_soft: no lock that would outlive its process.
    lock = FileLock(path, thread_local=False, fallback_to_soft=False, poll_interval=0.2)
    try:
        try:
            lock.acquire(blocking=False)
        except Timeout:
            if wait:
                print(f"bench: waiting for another process that {purpose}", file=sys.stderr)
                lock.acquire()
    except OSError as error:
        raise RecordError(f"{path}: could not be written: {error.strerror or error}") from error
    try:
        yield lock.is_locked
    finally:
        lock.release()
