"""The lock files hold what pyproject.toml asks for, because the project itself is installed without looking at it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def locked(name: str) -> dict[str, tuple[str, int]]:
    """Version of each package, and how many hashes of its files follow."""
    text = (ROOT / name).read_text(encoding="utf-8")
    blocks = re.findall(r"^([\w.-]+)==([\w.]+)[^\\\n]*((?:\\\n +--hash=sha256:[0-9a-f]{64} ?)*)$", text, re.MULTILINE)
    assert len(blocks) == len(re.findall(r"^\w", text, re.MULTILINE))
    return {canonicalize_name(package): (version, hashes.count("sha256:")) for package, version, hashes in blocks}


def asked(*extras: str) -> list[Requirement]:
    """What the base install and those extras need, their own extras followed."""
    extra_lines = PROJECT["project"]["optional-dependencies"]
    found = [Requirement(line) for line in PROJECT["project"]["dependencies"]]
    for extra in extras:
        for requirement in map(Requirement, extra_lines[extra]):
            ours = requirement.name == PROJECT["project"]["name"]
            found += asked(*requirement.extras) if ours else [requirement]
    return found


@pytest.mark.parametrize(("file", "extra"), [("requirements.lock", "all"), ("requirements-dev.lock", "dev")])
def test_what_is_asked_for_is_locked(file: str, extra: str) -> None:
    pins = locked(file)
    names = {canonicalize_name(each.name): each for each in asked(extra)}
    assert names.keys() - pins.keys() == set()
    wrong = [str(each) for name, each in names.items() if not each.specifier.contains(pins[name][0], prereleases=True)]
    assert wrong == []


def test_every_file_has_a_hash_and_versions_agree() -> None:
    everything = locked("requirements.lock")
    for file in ("requirements.lock", "requirements-dev.lock", "requirements-build.lock"):
        pins = locked(file)
        assert [name for name, (_, hashes) in pins.items() if not hashes] == []
        assert {name: version for name, (version, _) in pins.items() if everything[name][0] != version} == {}
    assert "setuptools" in locked("requirements-build.lock")
