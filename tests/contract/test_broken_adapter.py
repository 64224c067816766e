"""The type checker finds an adapter that breaks the contract, before any of it runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.core.plugins import list_names, load_adapter

ROOT = Path(__file__).resolve().parents[2]
ADAPTER = """
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, final

import numpy as np
from numpy.typing import NDArray

from benchmark.core.detections import Detections
from benchmark.core.detector import Detector, DetectorConfig, Limits
from benchmark.core.method import FitResult, Report, Size
from benchmark.core.sample import Sample
from benchmark.core.vocabulary import Vocabulary


@dataclass(frozen=True)
class Config(DetectorConfig):
    variant: Literal["base"] = "base"


@final
class Adapter(Detector[Config]):
    def fit(
        self, train: Sequence[Sample], val: Sequence[Sample], vocabulary: Vocabulary, seed: int, run_dir: Path,
        start: Path | None = None, report: Report | None = None,
    ) -> FitResult:
        return FitResult(run_dir / "checkpoint.json", 0.0, {"epochs": self.config.epochs})

    def load(self, checkpoint: Path) -> None:
        self.checkpoint = checkpoint

    def build_random(self, seed: int) -> None:
        self.seed = seed

    def set_vocabulary(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary

    def predict(self, images: Sequence[NDArray[np.uint8]], limits: Limits) -> list[Detections]:
        return []

    def size(self) -> Size:
        return Size(0, 0, None, self.config.image_side_px)
"""
BROKEN = {
    "correct": ("", "", []),
    "renamed": ("def build_random", "def build_untrained", ['has abstract attributes "build_random"']),
    "argument": ("def size(self)", "def size(self, side_px: int)", ['Signature of "size" incompatible with supertype']),
    "limits": ("limits: Limits", "score_threshold: float", ['Argument 2 of "predict" is incompatible with supertype']),
    "answer": ("return []", "return [1.0]", ['List item 0 has incompatible type "float"; expected "Detections"']),
    "setting": ("self.config.epochs", "self.config.epoch", ['"Config" has no attribute "epoch"']),
    "config": ("(DetectorConfig)", "", ['Type argument "Config" of "Detector" must be a subtype of "DetectorConfig"']),
}
"""what is replaced by what in the adapter, and what the checker says first about it"""


def test_broken_adapters_are_found_by_the_type_checker(tmp_path: Path) -> None:
    """One run over all of them, with the project's own settings and cache."""
    for name, (old, new, _) in BROKEN.items():
        assert old in ADAPTER
        (tmp_path / f"{name}.py").write_text(ADAPTER.replace(old, new) if old else ADAPTER, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", *map(str, sorted(tmp_path.glob("*.py")))]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 1, done.stdout + done.stderr
    for name, (_, _, expected) in BROKEN.items():
        errors = [line for line in done.stdout.splitlines() if f"{name}.py" in line and ": error: " in line]
        assert bool(errors) == bool(expected), (name, errors)
        assert all(any(text in error for error in errors) for text in expected), (name, errors)


@pytest.mark.parametrize("name", list_names("method"))
def test_every_adapter_is_final_so_that_the_type_checker_misses_no_method(name: str) -> None:
    adapter = load_adapter(name).Adapter
    assert adapter.__dict__.get("__final__"), f"{name}: mark Adapter with typing.final"
