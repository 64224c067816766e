"""Of a cell's second seed a match table is kept: what it proves, what it refuses, and that its digest is checked."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from benchmark.cli.main import main
from benchmark.core.paths import Home, Results
from benchmark.harness import data
from benchmark.records.bundle import Bundle
from benchmark.records.codec import decode_run
from tests.made_detector import mean_box

ASKED = ("run", "--method", "mean-box", "--task", "closed", "--data", "mmio-synth@n200", "--profile", "quick")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Run ids of one detector, seeds 0 and 1, on a small built-in set."""
    with mean_box(tmp_path_factory.mktemp("matches")):
        assert main([*ASKED, "--seed", "0,1"]) == 0
        records = [decode_run(path.read_text()) for path in Home.find().run_records()]
        yield [record.run_id for record in sorted(records, key=lambda record: record.spec.seed)]


def said(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    capsys.readouterr()
    assert main(list(arguments)) == status
    out = capsys.readouterr()
    return out.err if status == 2 else out.out


@pytest.fixture
def collected(runs: list[str], tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Results]:
    """Results with the predictions of seed 0 and the match table of seed 1, and a home without runs."""
    monkeypatch.setenv("BENCH_RESULTS", str(tmp_path / "results"))
    said(capsys, "collect")
    away = Home.find().runs.rename(Home.find().root / "away")
    yield Results.find()
    away.rename(Home.find().runs)


def test_a_match_table_gives_the_numbers_that_need_no_boxes(
    runs: list[str], collected: Results, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data, "open_dataset", lambda *_: pytest.fail("a match table needs no data set"))
    (path,) = collected.records.glob(f"*/*/*-{runs[1]}.json")
    record = decode_run(path.read_text())
    facts = json.loads(said(capsys, "score", runs[1], "--json"))
    assert (facts["read"], facts["differing"]) == ("match table", [])
    assert facts["as_measured"] == ["bands", "inspection", "operating_point", "tide"]
    assert len(facts["metrics"]) == 9
    assert facts["metrics"].items() <= record.metrics.items()
    assert facts["intervals"] == {name: list(record.intervals[name]) for name in ("AP", "AP50")}
    text = said(capsys, "score", runs[1])
    assert re.search(r"compared with the record: \d metrics, 2 intervals, \d+ classes, \d+ scenes", text)
    assert "left as measured, a match table holds no boxes: bands, inspection, operating_point, tide" in text
    changed_record = json.loads(path.read_text())
    changed_record["intervals"]["AP"][1] += 1e-15
    changed_record["per_class"][next(iter(record.per_class))]["boxes"] += 1
    path.write_text(json.dumps(changed_record))
    lines = json.loads(said(capsys, "score", runs[1], "--json", status=1))["differing"]
    assert [line.split(":")[0].split()[0] for line in lines] == ["AP", "class"]


def test_runs_of_both_kinds_are_compared(runs: list[str], collected: Results, capsys: Any) -> None:
    mixed = json.loads(said(capsys, "compare", *runs, "--json"))
    Home.find().root.joinpath("away").rename(Home.find().runs)
    try:
        assert mixed == json.loads(said(capsys, "compare", *runs, "--json"))
    finally:
        Home.find().runs.rename(Home.find().root / "away")


def test_what_needs_detections_refuses_a_match_table(runs: list[str], collected: Results, capsys: Any) -> None:
    assert "engine reference needs detections" in said(capsys, "score", runs[1], "--engine", "reference", status=2)
    for command in (["score", runs[1], "--cross-check"], ["export", runs[1], "--format", "coco"]):
        assert "its predictions were not kept, only a match table, which has no boxes" in said(
            capsys, *command, status=2
        )


def test_the_digests_of_both_kinds_are_verified(runs: list[str], collected: Results, capsys: Any) -> None:
    assert said(capsys, "verify").endswith(": no problem with predictions, match tables and comparisons\n")
    for folder, run_id in ((collected.predictions, runs[0]), (collected.matches, runs[1])):
        with (folder / f"{run_id}.parquet").open("ab") as file:
            file.write(b"x")
        problems = json.loads(said(capsys, "verify", "--json", status=1))["problems"]
        assert f"{folder / run_id}.parquet: missing or changed" in problems[-1]
    assert "2 problems" in said(capsys, "verify", status=1)
    assert "missing or changed" in said(capsys, "score", runs[1], status=2)


def test_a_bundled_match_table_is_verified_and_not_taken(
    runs: list[str], collected: Results, tmp_path: Path, capsys: Any
) -> None:
    path = tmp_path / "matches.zip"
    said(capsys, "bundle", runs[1], "--out", str(path))
    assert "every number that its match table gives holds" in said(capsys, "verify", str(path))
    record = json.loads(Bundle(path).read(f"{runs[1]}/record.json"))
    record["metrics"]["AR10"] = 0.5
    lines = said(capsys, "verify", str(changed(path, f"{runs[1]}/record.json", json.dumps(record).encode())), status=1)
    assert "  AR10: 0.5 -> " in lines
    other = changed(path, f"{runs[1]}/matches.parquet", (collected.predictions / f"{runs[0]}.parquet").read_bytes())
    assert "not a match table" in said(capsys, "verify", str(other), status=2)
    assert "it has no detections" in said(capsys, "submit", "check", str(path), status=1)


def changed(bundle: Path, name: str, content: bytes) -> Path:
    """A copy with one file replaced, and its index with it."""
    target = bundle.with_name("changed.zip")
    with zipfile.ZipFile(bundle) as old, zipfile.ZipFile(target, "w") as new:
        index = json.loads(old.read("bundle.json"))
        index["files"][name] = sha256(content).hexdigest()
        for entry in set(old.namelist()) - {"bundle.json"}:
            new.writestr(entry, content if entry == name else old.read(entry))
        new.writestr("bundle.json", json.dumps(index))
    return target
