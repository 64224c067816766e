"""The detector that `bench new` writes, installed for a while: it runs the whole harness in a second, without torch."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.cli.main import main
from benchmark.core import plugins

CLOSED = "frozenset({Capability.TRAINABLE})"
OPEN = "frozenset({Capability.TRAINABLE, Capability.OPEN_VOCABULARY})"
REFUSES = "self.model and tuple(self.model) != vocabulary.names"


@contextmanager
def mean_box(folder: Path, *, open_vocabulary: bool = False) -> Iterator[None]:
    """`mean-box` as a method of its own package, with home and results below the folder.

    open_vocabulary: it takes any names. Near neighbours in the ledger are left out, as in an install without torch.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BENCH_HOME", str(folder / "home"))
        patch.setenv("BENCH_RESULTS", str(folder / "results"))
        assert main(["new", "method", "mean-box", "--out", str(folder)]) == 0
        package = folder / "rtvp-bench-mean-box" / "mean_box"
        if open_vocabulary:
            _replace(package / "__init__.py", CLOSED, OPEN)
            _replace(package / "adapter.py", REFUSES, "not vocabulary.names")
        patch.syspath_prepend(str(package.parent))
        patch.setattr(plugins, "_foreign", lambda kind: {"mean-box": "mean_box"} if kind == "method" else {})
        words = plugins.load_module("text encoder", "minilm")
        patch.setattr(words, "ENCODER", replace(words.ENCODER, missing=lambda: "left out of this test"))
        yield
        for name in [name for name in sys.modules if name.split(".")[0] == "mean_box"]:
            del sys.modules[name]


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
