"""System libraries are asked of the loader itself, by a script that needs nothing but the standard library."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.cli import _system

SCRIPT = Path(__file__).resolve().parents[2] / "benchmark" / "cli" / "_system.py"
NEVER = "libthere-is-no-such-library.so.7"
linux = pytest.mark.skipif(sys.platform != "linux", reason="wheels bring their libraries elsewhere")


@linux
def test_the_loader_is_asked() -> None:
    assert _system.missing_libraries(["libc.so.6", NEVER]) == [NEVER]


def test_other_platforms_lack_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert _system.missing_libraries([NEVER]) == []


def test_install_line_names_packages_not_files() -> None:
    assert _system.install_line(["libGL.so.1", "libglib-2.0.so.0"]) == "apt-get install --yes libgl1 libglib2.0-0"


@linux
def test_missing_library_is_one_line_with_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(_system, "missing_libraries", lambda: ["libGL.so.1"])
    assert _system.main([]) == 1
    assert capsys.readouterr().err == "missing system libraries libGL.so.1: apt-get install --yes libgl1\n"
    assert _system.main(["--packages"]) == 0
    assert capsys.readouterr().out == "libgl1\n"


def test_script_runs_before_anything_is_installed() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-X", "importtime", str(SCRIPT)], capture_output=True, text=True, check=False
    )
    assert done.returncode == (1 if _system.missing_libraries() else 0)
    assert "benchmark" not in done.stderr.replace(str(SCRIPT), "")
