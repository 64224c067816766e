"""Iterate with a progress bar."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar, cast

from benchmark.core.sample import Progress

T = TypeVar("T")


def bar(progress: Progress | None, label: str, items: Iterable[T], total: int) -> Iterable[T]:
    """The items, counted by a progress bar where `progress` is given. total: number of items."""
    return cast("Iterable[T]", progress(label, items, total)) if progress else items
