"""Spread and worst case over wordings and orders, from records that differ in nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.cli.main import main
from benchmark.core.record import RunRecord, Status
from benchmark.records.codec import encode
from benchmark.records.robustness import robustness

MakeRecord = Callable[..., RunRecord]


@pytest.fixture
def records(make_record: MakeRecord) -> list[RunRecord]:
    return [
        make_record(ap=0.30),
        make_record(ap=0.24, seed=1),
        make_record(ap=0.20, wording="synonyms", vocabulary_digest="1"),
        make_record(ap=0.10, wording="synonyms", vocabulary_digest="1", seed=1),
        make_record(ap=0.28, wording="canonical@1", vocabulary_digest="2"),
        make_record(ap=0.90, wording="canonical@1", vocabulary_digest="2", seed=7),
        make_record(ap=0.02, wording="codes", vocabulary_digest="3"),
        make_record(ap=0.50, profile="demo"),
        make_record(ap=0.60, profile="demo", wording="codes"),
        make_record(ap=0.99, method="yolo-world"),
        make_record(wording="description", status=Status.FAILED, error="x"),
    ]


def test_spread_is_over_wordings_that_mean_something(records: list[RunRecord]) -> None:
    demo, quick = robustness(records, "rtvp")
    assert [each.name for each in quick.wordings] == ["canonical", "canonical@1", "synonyms", "codes"]
    # seed 0 alone was measured in every wording, so seeds 1 and 7 do not count
    assert {each.seeds for each in quick.wordings} == {(0,)}
    assert quick.spread == pytest.approx(0.10)
    assert quick.worst.name == "synonyms"
    assert quick.lost(quick.worst) == pytest.approx(0.10)
    assert demo.spread == 0
    assert demo.spec.profile == "demo"


def test_without_common_seeds_each_wording_keeps_its_own(make_record: MakeRecord) -> None:
    (read,) = robustness(
        [make_record(ap=0.3), make_record(ap=0.1, wording="synonyms", seed=1), make_record(ap=0.2, seed=2)], "rtvp"
    )
    assert {each.name: each.seeds for each in read.wordings} == {"canonical": (0, 2), "synonyms": (1,)}
    assert read.wordings[0].value == pytest.approx(0.25)


def test_other_weights_are_another_cell_and_an_ap_of_zero_counts(make_record: MakeRecord) -> None:
    fitted, other = make_record(ap=0.3), make_record(ap=0.2)
    assert other.spec.fit is not None
    spec = replace(other.spec, fit=replace(other.spec.fit, split_digest="9" * 64))
    unfitted = [make_record(ap=ap, fit=None, wording=name) for ap, name in ((0.1, "canonical"), (0.0, "a phrase"))]
    read = robustness([fitted, replace(other, spec=spec, run_id=spec.run_id), *unfitted], "rtvp")
    assert sorted([(wording.name, wording.value) for wording in each.wordings] for each in read) == [
        [("canonical", 0.1), ("a phrase", 0.0)],  # the canonical one first, whatever others are called
        [("canonical", 0.2)],
        [("canonical", 0.3)],
    ]


def test_a_control_alone_says_nothing(make_record: MakeRecord) -> None:
    assert robustness([make_record(wording="codes")], "rtvp") == []
    assert robustness([make_record()], "rtvp", "AP_harmonic") == []
    (alone,) = robustness([make_record(wording="synonyms")], "rtvp")
    assert alone.lost(alone.worst) is None


def test_command(
    records: list[RunRecord], bench_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BENCH_RESULTS", str(bench_home / "results"))
    assert main(["robustness", "rtvp"]) == 1
    assert "no record of rtvp has AP; measure it with: bench run --method rtvp" in capsys.readouterr().err
    for record in records:
        folder = bench_home / "runs" / record.run_id
        folder.mkdir(parents=True)
        (folder / "record.json").write_text(encode(record))
    assert main(["robustness", "rtvp", "--profile", "quick"]) == 0
    text = capsys.readouterr().out
    assert "spread 10.00 over 3 wordings and orders" in text
    assert "worst  20.00 with synonyms" in text
    assert "control: ids without meaning" in text
    assert "not measured: description; for each: bench run --method rtvp --task zeroshot --data mmio-open" in text
    assert main(["robustness", "rtvp", "--profile", "demo", "--json"]) == 0
    (facts,) = json.loads(capsys.readouterr().out)
    assert facts["wordings"]["codes"]["control"] is True
    assert facts["worst"] == "canonical"
    assert main(["robustness", "rtvq"]) == 2
    assert "did you mean rtvp" in capsys.readouterr().err
