"""An installed wheel needs no checkout: it carries the records and the checkpoint, and writes below $BENCH_HOME."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.installed_wheel import install_wheel

pytestmark = [pytest.mark.slow, pytest.mark.models]


def test_the_first_table_from_an_empty_folder(tmp_path: Path) -> None:
    bench = install_wheel(tmp_path).with_name("bench")
    empty, home = tmp_path / "empty", tmp_path / "home"
    empty.mkdir()
    own = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "BENCH_RESULTS")}

    def output_of(*words: str) -> str:
        done = subprocess.run(
            [bench, *words], cwd=empty, env={**own, "BENCH_HOME": str(home)}, capture_output=True, text=True, check=True
        )
        return done.stdout

    assert "rtvp" in output_of("list", "methods")
    assert "measured: mmio-synth" in output_of("table", "2b")
    (record,) = json.loads(output_of("run", "--method", "rtvp", "--task", "zeroshot", "--json"))
    assert record["status"] == "ok"
    packages = next(tmp_path.glob("environment/lib/*/site-packages"))
    (packaged,) = packages.glob(f"benchmark/shipped/records/*/*/*{record['run_id']}.json")
    committed = json.loads(packaged.read_text())
    assert record["metrics"]["AP"] == pytest.approx(committed["metrics"]["AP"], abs=0.02)
    output_of("collect")
    assert (home / "results" / "records").is_dir()
    assert list(empty.iterdir()) == []
