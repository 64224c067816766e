"""A new method from the template keeps every promise; five broken ones are told which they break."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.cli.main import main


def check(folder: Path, package: str, *more: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own, as a user would: the package lies where the command is run."""
    command = [sys.executable, "-m", "benchmark", "check", "--method", package, *more]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def template(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert main(["new", "method", "my-detector", "--out", str(tmp_path)]) == 0
    output = capsys.readouterr().out
    assert "pip install -e" in output
    assert "bench check --method my-detector" in output
    return tmp_path / "rtvp-bench-my-detector"


def test_the_template_keeps_every_promise_in_few_lines(template: Path) -> None:
    done = check(template, "my_detector")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "my-detector: 12 of 12 promises hold" in done.stdout
    lines = (template / "my_detector" / "adapter.py").read_text().splitlines()
    assert len([line for line in lines if line.strip()]) < 60


BROKEN = {
    "labels": ("return Detections(xyxy[kept].astype(np.float32), scores[kept], kept)",
               "return Detections(xyxy[kept].astype(np.float32), scores[kept], kept + 1)",
               "detections", "label 3 in a vocabulary of 3"),
    "frame": ("np.array([image.shape[1], image.shape[0]] * 2)", "np.array([640, 640] * 2)",
              "detections", "a box leaves its image of 64x64 px"),
    "heavy": ("import numpy as np\n", "import numpy as np\nimport transformers\n",
              "light", "importing it loads ['transformers']: import those inside the methods that need them"),
    "vocabulary": ("if self.model and tuple(self.model) != vocabulary.names:", "if False:",
                   "vocabulary", "a closed vocabulary of 3 fitted names took 35 others: raise RefusedError"),
    "files": ("except (OSError, ValueError) as error:", "except OSError as error:",
              "files", "JSONDecodeError"),
}  # fmt: skip


@pytest.mark.models
@pytest.mark.parametrize("kind", BROKEN)
def test_broken_methods_are_told_what_they_break(template: Path, kind: str) -> None:
    before, after, promise, message = BROKEN[kind]
    path = template / "my_detector" / "adapter.py"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))
    done = check(template, "my_detector", "--json")
    assert done.returncode == 1, done.stderr
    outcomes = {outcome["name"]: outcome["failure"] for outcome in json.loads(done.stdout)}
    assert message in outcomes[promise]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check", "--method", "no_such_package"], "package 'no_such_package' cannot be imported"),
        (["check", "--method", "json"], "package 'json' has no INFO"),
        (["new", "method", "My Detector"], "'My Detector' is no valid name"),
        (["new", "method", "rtvp"], "method 'rtvp' exists already"),
    ],
)
def test_what_will_not_do_is_refused(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert message in capsys.readouterr().err


def test_nothing_is_overwritten(template: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "method", "my-detector", "--out", str(template.parent)]) == 2
    assert "exists already" in capsys.readouterr().err


@pytest.mark.models
def test_one_of_ours_keeps_every_promise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_HOME", str(tmp_path))
    done = check(tmp_path, "yolov8")
    assert done.returncode == 0, done.stdout + done.stderr
