"""`bench --help` starts light: every heavy import stands inside the command that needs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"torch", "torchvision", "ultralytics", "transformers", "numpy", "pandas", "pydantic", "pyarrow", "PIL",
         "matplotlib", "numba", "hotcoco", "pycocotools", "yaml", "tqdm", "scipy"}  # fmt: skip


def imported(*arguments: str) -> set[str]:
    """Top-level names of everything that `python -X importtime ARGUMENTS` imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("run", "--help"), ("table", "--help")])
def test_help_imports_nothing_heavy(arguments: tuple[str, ...]) -> None:
    names = imported("-m", "benchmark", *arguments)
    assert "benchmark" in names
    assert not names & HEAVY


def test_importing_the_package_costs_nothing() -> None:
    assert not imported("-c", "import benchmark") & HEAVY


def test_heavy_imports_would_be_seen() -> None:
    assert "numpy" in imported("-c", "import benchmark; benchmark.Detections")
