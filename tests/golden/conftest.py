"""A home in which the committed data sets can be opened."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmark.datasets.build.build import Plan, build
from benchmark.datasets.mmio_open import INFO, folder_of


@pytest.fixture(scope="package")
def golden_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """$BENCH_HOME for all golden tests: a data set is built in it once per process."""
    home = tmp_path_factory.mktemp("golden") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BENCH_HOME", str(home))
        yield home


@pytest.fixture(scope="package")
def built_open(open_data: Path, golden_home: Path) -> Path:
    """The folder of mmio-open, built from the public images."""
    folder = folder_of()
    build(INFO, [open_data], Plan(), folder)
    return folder
