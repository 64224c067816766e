"""The tracker that is always on: one JSON object per line, flushed, appended to by one process at a time."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO


class JsonLines:
    """Writes events with their UTC time in seconds. Use as a context manager."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIO | None = None

    def __enter__(self) -> JsonLines:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("a", encoding="utf-8")
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def event(self, values: Mapping[str, Any]) -> None:
        """Append one event."""
        if self._file is None:
            raise RuntimeError("JsonLines is used outside its with block")
        self._file.write(json.dumps({"time_s": round(time.time(), 3), **values}) + "\n")
        self._file.flush()
