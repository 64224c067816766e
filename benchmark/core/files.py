"""Files that are there whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
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
