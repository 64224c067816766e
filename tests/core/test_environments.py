"""A method with packages of its own runs under its own Python, and says where that is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.core.environments import INSTALLED, SHARED, environment_of, folder_of, interpreter
from benchmark.core.errors import ConfigError

ASKED = ("run", "--method", "lonely", "--task", "zeroshot", "--seed", "3")


@pytest.fixture
def installed(tmp_path: Path) -> dict[str, str]:
    """Variables of a process in which the method `lonely` is installed; it asks for an environment of its own."""
    package = tmp_path / "lonely_detector"
    package.mkdir()
    (package / "__init__.py").write_text("INFO = None\n")
    (package / "requirements.txt").write_text("six==1.17.0\n")
    facts = tmp_path / "lonely_detector-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: lonely-detector\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[rtvp_bench.methods]\nlonely = lonely_detector\n")
    return {**os.environ, "BENCH_HOME": str(tmp_path / "home"), "PYTHONPATH": str(tmp_path)}


def bench(variables: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmark", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=variables)


def test_ours_share_one(bench_home: Path) -> None:
    assert environment_of("yolov8") == SHARED
    assert interpreter(SHARED) == sys.executable


def test_an_unfinished_one_is_refused(bench_home: Path) -> None:
    python = folder_of("lonely") / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    with pytest.raises(ConfigError, match="bench env create lonely"):
        interpreter("lonely")
    (folder_of("lonely") / INSTALLED).touch()
    assert interpreter("lonely") == str(python)


def test_run_goes_on_under_the_methods_own_python(installed: dict[str, str], tmp_path: Path) -> None:
    done = bench(installed, *ASKED)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith("bench env create lonely")
    folder = tmp_path / "home" / "envs" / "lonely"
    (folder / "bin").mkdir(parents=True)
    (folder / INSTALLED).touch()
    python = folder / "bin" / "python"
    python.write_text('#!/bin/sh\necho "$BENCH_ENVIRONMENT: $@"\n')
    python.chmod(0o755)
    assert bench(installed, *ASKED).stdout == f"lonely: -m benchmark {' '.join(ASKED)}\n"
