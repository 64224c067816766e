"""Progress bars, shown only on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def progress(label: str, items: Iterable[T], total: int) -> Iterator[T]:
    """Yield the items and show on stderr how many of `total` are done, under `label`."""
    from tqdm import tqdm

    yield from tqdm(items, desc=label, total=total, disable=not sys.stderr.isatty(), leave=False)
