"""Progress bars on a terminal, one line a step elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def progress(label: str, items: Iterable[T], total: int) -> Iterator[T]:
    """Pass items through and show on stderr how many of `total` are done."""
    from tqdm import tqdm

    yield from tqdm(items, desc=label, total=total, disable=not sys.stderr.isatty(), leave=False)
