"""What the complete official files hold, so that `bench data check` can say what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Counts:
    """Of one annotation file; None where nobody says."""

    images: int | None
    boxes: int | None
    classes: int | None


@dataclass(frozen=True)
class Expected:
    """file: name of an annotation file, `{part}` in it; counts: part -> what it holds, the test part first."""

    file: str
    counts: Mapping[str, Counts]
