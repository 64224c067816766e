"""Canonical JSON, and digests of it and of files: sorted keys, no spaces, ASCII, no NaN."""

from __future__ import annotations

import dataclasses
import enum
import hashlib
import json
from collections.abc import Hashable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

_PLAIN = frozenset((str, int, float, bool, type(None)))


def to_plain(value: Any) -> Any:
    """Dataclasses, enums, tuples and mappings as plain JSON values."""
    if (
        type(value) in _PLAIN
    ):  # a fast path for most values: a sweep hashes ten thousand specs before it prints its plan
        return value
    if dataclasses.is_dataclass(type(value)):
        names = field_names(type(value))  # type: ignore[arg-type]  # mypy does not know that classes are hashable
        each = ((name, getattr(value, name)) for name in names)
        return {name: v if type(v) in _PLAIN else to_plain(v) for name, v in each}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(k): v if type(v) in _PLAIN else to_plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [v if type(v) in _PLAIN else to_plain(v) for v in value]
    return sorted(to_plain(v) for v in value) if isinstance(value, (set, frozenset)) else value


@lru_cache(maxsize=256)
def field_names(kind: Hashable) -> tuple[str, ...]:
    """Names of a dataclass's fields, in order; cached, because a plan asks for them thousands of times."""
    return tuple(field.name for field in dataclasses.fields(kind))  # type: ignore[arg-type]  # Hashable, for the cache


def canonical_json(value: Any) -> str:
    """A value as JSON with a unique spelling, which is what gets hashed. Raises ValueError on NaN or infinity."""
    return json.dumps(to_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def digest(value: Any) -> str:
    """sha256 (64 hex digits) of a value's canonical JSON."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def file_sha256(path: Path) -> str:
    """sha256 (64 hex digits) of a file's bytes, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
