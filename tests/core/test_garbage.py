"""The search for cycles is off inside, and afterwards as it was before."""

from __future__ import annotations

import gc

import pytest

from benchmark.core.garbage import without_garbage_collector


def test_it_is_off_inside_and_afterwards_as_before() -> None:
    assert gc.isenabled()
    with without_garbage_collector():
        assert not gc.isenabled()
        with without_garbage_collector():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ValueError, match="x"), without_garbage_collector():
        raise ValueError("x")
    assert gc.isenabled()
