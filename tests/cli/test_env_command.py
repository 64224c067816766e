"""Environments of their own: listed, made, not made twice; methods that share ours need none."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.cli.main import main
from benchmark.core import plugins


@pytest.fixture
def lonely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A foreign method that asks for an environment; the path of its requirements."""
    monkeypatch.setenv("BENCH_HOME", str(tmp_path / "home"))
    package = tmp_path / "lonely_detector"
    package.mkdir()
    (package / "__init__.py").write_text("INFO = None\n")
    (package / "requirements.txt").write_text("six==1.17.0\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "lonely_detector", raising=False)  # that of the test before
    monkeypatch.setattr(plugins, "_foreign", lambda kind: {"lonely": "lonely_detector"} if kind == "method" else {})
    return package / "requirements.txt"


def states(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    assert main(["env", "list", "--json"]) == 0
    return {row["method"]: row["state"] for row in json.loads(capsys.readouterr().out)}


def test_only_methods_with_requirements_are_listed(lonely: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert states(capsys) == {"lonely": "missing"}


def test_ours_need_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env", "list"]) == 0
    assert "every method shares one environment" in capsys.readouterr().out
    assert main(["env", "create", "yolov8"]) == 2
    assert "yolov8 shares our environment" in capsys.readouterr().err
    assert main(["env", "create", "yolov88"]) == 2
    assert "did you mean yolov8" in capsys.readouterr().err


@pytest.mark.slow
def test_an_environment_is_made_once_and_says_when_it_is_outdated(
    lonely: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["env", "create", "lonely"]) == 0
    assert "made " in capsys.readouterr().out
    assert states(capsys) == {"lonely": "ready"}
    python = tmp_path / "home" / "envs" / "lonely" / "bin" / "python"
    code = "import six, sys, benchmark; print(six.__version__, sys.prefix)"
    said = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path).stdout
    assert said.split() == ["1.17.0", str(python.parents[1])]
    assert main(["env", "create", "lonely"]) == 0
    assert "is there already" in capsys.readouterr().out
    lonely.write_text("six==1.16.0\n")
    assert states(capsys) == {"lonely": "outdated"}
    lonely.write_text("no-such-package-anywhere==9\n")
    assert main(["env", "create", "lonely", "--force"]) == 2
    assert "pip could not install" in capsys.readouterr().err
