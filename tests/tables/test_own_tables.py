"""Tables that the paper does not have: transfer to left-out scenes, and base and novel classes together."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.cli.main import main
from benchmark.core.plugins import load
from benchmark.core.record import RunRecord, Status
from benchmark.records.codec import encode
from benchmark.tables.content.sheet import fill
from benchmark.tables.content.transfer import fill_transfer

Make = Callable[..., RunRecord]
TRANSFER = load("table", "table-transfer")


@pytest.fixture
def records(make_record: Make) -> list[RunRecord]:
    def cell(scene: str, ap: float, **changes: object) -> RunRecord:
        return make_record(
            ap=ap, task="transfer", held_out=scene, split_digest=scene, vocabulary_digest=scene, **changes
        )

    return [
        cell("wood", 0.1),
        cell("wood", 0.3, seed=1),
        cell("steel", 0.4),
        cell("wood", 0.5, method="yolo-world"),
        cell("wood", 0.9, profile="smoke"),
        cell("wood", 0.9, profile="demo", status=Status.FAILED, error="x"),
        make_record(ap=0.99),
    ]


def test_the_mean_is_over_scenes_and_each_counts_once(records: list[RunRecord]) -> None:
    sheet = fill_transfer(TRANSFER, records)
    assert [row[0] for row in sheet.rows] == ["yolo-world-n", "rtvp-n"]
    assert sheet.rows[1] == (
        "rtvp-n",
        "mmio-open 1",
        "quick",
        "30.0",
        "40.0",
        "wood",
        "20.0",
        "steel",
        "40.0",
        "2",
        "2",
    )
    assert sheet.facts[1]["scenes"] == {"steel": 40.0, "wood": 20.0}
    assert len(sheet.facts[1]["run_ids"]) == 3
    assert any("different scenes" in note for note in sheet.notes)
    same = fill_transfer(TRANSFER, [record for record in records if record.spec.method == "rtvp"])
    assert not any("different scenes" in note for note in same.notes)


def test_settings_are_rows_of_their_own(records: list[RunRecord], make_record: Make) -> None:
    other = make_record(ap=0.2, task="transfer", held_out="wood", overrides={"epochs": 1}, wording="synonyms", fit=None)
    sheet = fill_transfer(TRANSFER, [*records, other])
    assert "rtvp-n, epochs=1, vocabulary=synonyms" in [row[0] for row in sheet.rows]


def test_nothing_measured_says_how(
    bench_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BENCH_RESULTS", str(bench_home / "results"))
    assert main(["table", "transfer"]) == 0
    assert "bench run --method METHOD --task transfer measures every scene" in capsys.readouterr().out


def test_commands(records: list[RunRecord], make_record: Make, bench_home: Path, capsys: pytest.CaptureFixture[str],
                  monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setenv("BENCH_RESULTS", str(bench_home / "results"))
    both = make_record(task="generalized")
    both = replace(both, metrics={**both.metrics, "AP_base": 0.4, "AP_novel": 0.1, "AP_harmonic": 0.16})
    for record in (*records, both):
        folder = bench_home / "runs" / record.run_id
        folder.mkdir(parents=True)
        (folder / "record.json").write_text(encode(record))
    assert main(["table", "transfer", "--data", "mmio-open", "--profile", "quick"]) == 0
    text = capsys.readouterr().out
    assert "worst scene" in text
    assert main(["table", "transfer", "--json"]) == 0
    assert {row["method"] for row in json.loads(capsys.readouterr().out)["cells"]} == {"rtvp", "yolo-world"}
    assert main(["table", "generalized"]) == 0
    text = capsys.readouterr().out
    assert "harmonic mean" in text
    assert "16.0" in text
    assert fill(load("table", "table-generalized"), []).rows == ()
