"""Names become modules in one place, and unknown ones give the nearest valid name."""

from __future__ import annotations

import pytest

from benchmark.core.errors import UnknownNameError
from benchmark.core.plugins import list_names, load, load_module


def test_tasks_are_found_by_their_files() -> None:
    assert {"closed", "zeroshot", "zeroshot-synonym", "generalized"} <= set(list_names("task"))
    assert load("task", "zeroshot_synonym") is load("task", "zeroshot-synonym")


def test_unknown_names_say_what_is_near() -> None:
    with pytest.raises(UnknownNameError, match="unknown task 'zeroshoot': did you mean zeroshot"):
        load("task", "zeroshoot")
    with pytest.raises(UnknownNameError, match="unknown method"):
        load_module("method", "no-such-thing")
