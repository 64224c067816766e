"""Python's search for cycles of dead objects, left out where ten thousand records or plans are held that have none."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def without_garbage_collector() -> Iterator[None]:
    """Look for no cycles inside: each look goes through everything that is held, a second in all for 10,000 records."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
