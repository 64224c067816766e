"""Files that are there whole or not at all."""

from __future__ import annotations

import contextlib
import fcntl
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
def held(path: Path, doing: str) -> Iterator[None]:
    """One process at a time holds that lock file, also across machines that share a folder; another one waits.

    doing: what the holder does, said once to whoever waits. Raises RecordError where the file cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)  # for writing, because NFS wants that of a lock
    except OSError as error:
        raise RecordError(f"{path}: could not be written: {error.strerror or error}") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print(f"bench: waiting for another process that {doing}", file=sys.stderr)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
