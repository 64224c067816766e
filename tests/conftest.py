"""What all tests share: a home of their own, and the real images where there are any."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def open_data() -> Path:
    """The folder with the public defect images; named by BENCH_OPEN_DATA."""
    named = os.environ.get("BENCH_OPEN_DATA")
    if named:
        folder = Path(named).expanduser().resolve()
        if not folder.is_dir():
            pytest.fail(f"BENCH_OPEN_DATA names {folder}, which is no folder")
        return folder
    if os.environ.get("CI") == "true":
        pytest.fail("BENCH_OPEN_DATA is unset: CI must run on the real images")
    pytest.skip("BENCH_OPEN_DATA is unset: no real images here")


@pytest.fixture
def bench_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh $BENCH_HOME."""
    home = tmp_path / "home"
    monkeypatch.setenv("BENCH_HOME", str(home))
    return home
