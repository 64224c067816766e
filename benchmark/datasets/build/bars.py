"""Typed passage through a progress bar."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar, cast

from benchmark.core.sample import Progress

T = TypeVar("T")


def bar(progress: Progress | None, label: str, items: Iterable[T], total: int) -> Iterable[T]:
    """The items, shown on their way where there is a progress bar."""
    return cast("Iterable[T]", progress(label, items, total)) if progress else items
