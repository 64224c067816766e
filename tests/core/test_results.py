"""Results are read where they are written and where they were shipped, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.core.paths import Results

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def installed(tmp_path: Path) -> Results:
    """Results as an installed package has them: record `a` is shipped, `b` is the user's, `c` is both."""
    results = Results(tmp_path / "own", tmp_path / "shipped")
    for root, names in ((results.root, "bc"), (tmp_path / "shipped", "ac")):
        folder = root / "records" / "zeroshot" / "mmio-open"
        folder.mkdir(parents=True)
        for name in names:
            (folder / f"{name}.json").touch()
    return results


def test_what_is_shipped_is_read_and_ours_replaces_it(installed: Results, tmp_path: Path) -> None:
    read = [str(path.relative_to(tmp_path)) for path in installed.record_files()]
    folder = "records/zeroshot/mmio-open"
    assert read == [f"shipped/{folder}/a.json", f"own/{folder}/b.json", f"own/{folder}/c.json"]
    assert installed.record_files("zeroshot") == installed.record_files()
    assert installed.record_files("closed") == []


def test_one_file_is_found_in_either(installed: Results, tmp_path: Path) -> None:
    own = installed.records / "zeroshot" / "mmio-open"
    shipped = tmp_path / "shipped" / "records" / "zeroshot" / "mmio-open"
    assert installed.readable(own / "a.json") == shipped / "a.json"
    assert installed.readable(own / "c.json") == own / "c.json"
    assert installed.readable(own / "none.json") == own / "none.json"


def test_a_checkout_uses_its_own_wherever_it_is_used_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "results").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BENCH_RESULTS", raising=False)
    assert Results.find() == Results(ROOT / "results")
    monkeypatch.setenv("BENCH_RESULTS", str(tmp_path / "results"))
    assert Results.find() == Results(tmp_path / "results")
