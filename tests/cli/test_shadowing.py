"""Another package of one of our names in the current folder is refused, and our own processes never look there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

BLOCKED = ("run", "--method", "yolo-world", "--task", "zeroshot", "--data", "mmio-synth@n60", "--profile", "smoke",
           "--weights", "pretrained")  # fmt: skip


@pytest.fixture
def crowded(tmp_path: Path) -> Path:
    """A folder with packages of our names that are not ours."""
    folder = tmp_path / "crowded"
    for name in ("methods", "rtvp", "slurm"):
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text("raise SystemExit('not ours')\n")
    return folder


def bench(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    here = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    variables = {**here, "BENCH_HOME": str(folder.parent / "home"), "BENCH_WEIGHTS": str(folder.parent / "none")}
    command = [sys.executable, *words]
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("file", ["methods/__init__.py", "rtvp/__init__.py", "slurm/__init__.py", "slurm.py"])
def test_another_package_of_our_name_is_refused(tmp_path: Path, file: str) -> None:
    path = tmp_path / "mine" / file
    path.parent.mkdir(parents=True)
    path.touch()
    done = bench(tmp_path / "mine", "-m", "benchmark", "list", "methods")
    assert (done.returncode, done.stdout) == (2, "")
    name = Path(file).parts[0].removesuffix(".py")
    assert done.stderr.startswith(f"bench: error: '{name}' would be imported from {tmp_path / 'mine'}, ")
    assert done.stderr.endswith("run it from another folder or with python -P\n")
    assert done.stderr.count("\n") == 1


def test_a_folder_that_is_no_package_hides_nothing_unsaid(tmp_path: Path) -> None:
    """An editable install loses against it, others win."""
    (tmp_path / "mine" / "methods").mkdir(parents=True)
    done = bench(tmp_path / "mine", "-m", "benchmark", "list", "methods")
    assert "yolo-world" in done.stdout or "'methods' would be imported from" in done.stderr


def test_safe_path_finds_ours(crowded: Path) -> None:
    done = bench(crowded, "-P", "-m", "benchmark", "list", "methods")
    assert done.returncode == 0, done.stderr
    assert "yolo-world" in done.stdout


def test_a_check_that_looks_into_the_folder_refuses_it(crowded: Path) -> None:
    done = bench(crowded, "-P", "-m", "benchmark", "check", "--method", "yolo-world")
    assert done.returncode == 2
    assert f"'methods' would be imported from {crowded}, " in done.stderr


def test_a_worker_started_there_is_ours(crowded: Path) -> None:
    done = bench(crowded, "-P", "-m", "benchmark", *BLOCKED, "--slurm", "local", "--allow-dirty")
    (log,) = (crowded.parent / "home" / "slurm").glob("*/logs/*.out")
    assert " blocked: weights: " in log.read_text(), done.stderr
