"""Files that are there whole or not at all, and locks between processes."""

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
    """Give a temporary path in the same folder; flush it to disk and rename it to `path` when the block ends well.

    A reader, or a process killed in between, sees the old file or the new one, never a part. Raises RecordError that
    names the file where the disk is full or the folder cannot be written.
    """
    # Random, because two machines that share a file system can have equal process numbers.
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
    """Hold a lock file, which excludes other processes, also those of other machines that share the folder.

    The lock ends with the block, or with the process, however that ends; the file stays.

    Args:
        path: the lock file; it and its folder are made where they are missing.
        purpose: what the holder does, as in `trains 0123`: printed once by whoever waits for it.
        wait: until the lock is free; without, the block also runs where another process holds it.

    Yields whether this process holds the lock. Raises RecordError that names the file where it cannot be made.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415  # a tenth of a second, for commands that lock nothing

    # Held by the process, whichever of its threads ends the block; a lock that outlives its process is refused.
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
