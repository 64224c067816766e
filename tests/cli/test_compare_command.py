"""`bench compare` on made cells: which seeds it takes, both noises, the verdict, and what would settle it."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

import numpy as np
import pytest

from benchmark.cli import compare
from benchmark.cli.main import main
from benchmark.core.detections import Detections
from benchmark.core.paths import Home
from benchmark.core.spec import RunSpec
from benchmark.evaluators import coco_ap
from benchmark.harness.rescore import Stored, load_stored
from benchmark.records.codec import decode_run, encode
from benchmark.records.predictions import write_predictions
from tests.made_detector import mean_box

DATA = "mmio-synth@n200"
Cell = Callable[..., list[str]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stored]:
    """One run, whose copies below become cells; with home and results of this file's own."""
    with mean_box(tmp_path_factory.mktemp("compare")):
        assert main(["run", "--method", "mean-box", "--task", "closed", "--data", DATA, "--profile", "quick"]) == 0
        yield load_stored(Home.find().run_records()[0])


@pytest.fixture
def cell(run: Stored) -> Iterator[Cell]:
    """cell(name, shares): run ids of a cell with one seed per share, which is that of the boxes its training finds.

    The copies lie in the home as if they had been run, and are fits of their own unless one_fit.
    """
    made: list[str] = []

    def make(name: str, shares: Sequence[float], *, one_fit: bool = False) -> list[str]:
        assert run.record.spec.fit is not None
        ids = []
        for seed, share in enumerate(shares):
            fit = run.record.spec.fit if one_fit else replace(run.record.spec.fit, params={"made": name})
            spec = replace(run.record.spec, overrides={"made": name}, seed=seed, fit=replace(fit, seed=seed))
            ids.append(_write(run, spec, share))
        made.extend(ids)
        return ids

    yield make
    for run_id in made:
        shutil.rmtree(Home.find().run(run_id).root)


def _write(run: Stored, spec: RunSpec, share: float) -> str:
    rng = np.random.default_rng(spec.seed)
    detections = {}
    for sample in run.test.samples:
        kept = rng.random(len(sample.annotations.labels)) < share
        xyxy = sample.annotations.xyxy[kept].astype(np.float32)
        detections[sample.image_id] = Detections(
            xyxy, np.full(len(xyxy), 0.5, np.float32), sample.annotations.labels[kept]
        )
    folder = shutil.copytree(run.path.parent, Home.find().run(spec.run_id).root)
    (folder / "spec.json").unlink()
    write_predictions(folder / "predictions.parquet", detections)
    artifacts = tuple(
        replace(each, sha256=sha256((folder / each.uri).read_bytes()).hexdigest()) for each in run.record.artifacts
    )
    metrics = {**run.record.metrics, **coco_ap.evaluate(replace(run.test, detections=detections)).metrics}
    record = replace(run.record, run_id=spec.run_id, spec=spec, artifacts=artifacts, metrics=metrics)
    (folder / "record.json").write_text(encode(record))
    return spec.run_id


def ap_of(run_ids: Sequence[str]) -> list[float]:
    return [decode_run(Home.find().run(run_id).record.read_text()).metrics["AP"] or 0.0 for run_id in run_ids]


def said(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    capsys.readouterr()
    assert main(["compare", *arguments]) == status
    out = capsys.readouterr()
    return out.err if status else out.out


def facts_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    return json.loads(said(capsys, *arguments, "--json"))


def test_two_seeds_of_one_method_are_never_ahead(cell: Cell, capsys: pytest.CaptureFixture[str]) -> None:
    """60 AP apart, with a pool of eight degrees of freedom that would call it a verdict between two methods."""
    runs = cell("lucky", [0.30, 0.90])
    cell("other", [0.5] * 8)
    for a, b in ((runs[0], runs[1]), (runs[1], runs[0]), (runs[0], ",".join(runs))):
        text = said(capsys, a, b)
        assert "not judged: both are trainings of one method" in text
        assert "ahead" not in text
        assert "settle" not in text
    facts = facts_of(capsys, runs[0], runs[1])
    assert [facts[side]["runs"] for side in "ab"] == [[runs[0]], [runs[1]]]
    assert facts["verdicts"]["AP"]["outcome"] == "not judged"
    assert facts["verdicts"]["AP"]["high"] < 0


def test_a_run_stands_for_all_seeds_of_its_cell(cell: Cell, capsys: pytest.CaptureFixture[str]) -> None:
    good, poor = cell("good", [0.90, 0.92]), cell("poor", [0.20, 0.21])
    facts = facts_of(capsys, good[1], poor[0])
    assert [facts[side]["runs"] for side in "ab"] == [good, poor]
    assert facts["noise_of_training"] == {"cells": 2, "runs": 4}
    verdict = facts["verdicts"]["AP"]
    variance = (np.var(ap_of(good), ddof=1) + np.var(ap_of(poor), ddof=1)) / 2
    assert verdict["training_sd"] == pytest.approx(np.sqrt(variance))
    assert verdict["difference"] == pytest.approx(np.mean(ap_of(good)) - np.mean(ap_of(poor)))
    assert (verdict["dof"], verdict["paired"], verdict["outcome"]) == (2, False, "above")
    assert verdict["low"] < verdict["difference"] < verdict["high"]
    assert facts["settled_by"] == {"more_seeds": 0, "more_images": 0}
    assert len(facts["per_class_over_images"]) > 50

    text = said(capsys, poor[1], good[0])
    assert "seeds 0, 1" in text
    assert "ahead: B, at p = " in text
    assert "standard deviation of the difference: images ±" in text
    assert " from 2 degrees of freedom (4 runs of 2 cells like these)" in text
    assert max(map(len, text.splitlines())) <= 80


def test_one_fit_under_two_wordings_is_compared_by_pairs(cell: Cell, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = cell("one", [0.80, 0.60, 0.70], one_fit=True), cell("two", [0.70, 0.51, 0.62], one_fit=True)
    verdict = facts_of(capsys, a[0], b[0])["verdicts"]["AP"]
    assert (verdict["paired"], verdict["dof"]) == (True, 2)
    assert verdict["training_sd"] == pytest.approx(np.std(np.subtract(ap_of(a), ap_of(b)), ddof=1) / np.sqrt(3))
    assert "from 2 degrees of freedom (differences of equal seeds)" in said(capsys, a[0], b[0])


def test_one_training_each_is_not_judged(cell: Cell, capsys: pytest.CaptureFixture[str]) -> None:
    """The images alone would call it a large difference; the other seeds give too few degrees of freedom."""
    good, poor = cell("good", [0.90, 0.92]), cell("poor", [0.20, 0.21])
    text = said(capsys, good[0], poor[0], "--runs-only")
    assert "not judged: one training each" in text
    assert "trainings unknown" in text
    assert "a second training of A and of B makes it possible to judge" in text
    assert "ahead" not in text
    facts = facts_of(capsys, good[0], poor[0], "--runs-only")
    assert [facts[side]["seeds"] for side in "ab"] == [[0], [0]]
    assert facts["verdicts"]["AP"]["difference"] > 5 * facts["verdicts"]["AP"]["image_sd"] > 0
    assert facts_of(capsys, good[0], ",".join(poor), "--runs-only")["verdicts"]["AP"]["reason"] == "one training of A"
    cell("like them", [0.60, 0.62, 0.61, 0.63])
    assert facts_of(capsys, good[0], poor[0], "--runs-only")["verdicts"]["AP"]["outcome"] == "above"


def test_a_tie_says_what_would_settle_it(cell: Cell, capsys: pytest.CaptureFixture[str]) -> None:
    near, far = cell("near", [0.70, 0.60]), cell("far", [0.55, 0.62])
    text = said(capsys, near[0], far[0])
    assert "tie: the interval contains 0" in text
    assert re.search(r"^about \d+ more seeds of each would settle it$", text, re.MULTILINE)
    assert max(map(len, text.splitlines())) <= 80
    same = cell("same", [0.55, 0.62])
    assert "neither more seeds nor more images alone would settle it" in said(capsys, far[0], same[0])


def test_a_seed_without_detections_is_left_out_by_name(cell: Cell, capsys: pytest.CaptureFixture[str]) -> None:
    good, poor = cell("good", [0.90, 0.92]), cell("poor", [0.20, 0.21])
    (Home.find().run(poor[1]).root / "predictions.parquet").unlink()
    facts = facts_of(capsys, good[0], poor[0])
    assert facts["b"]["runs"] == [poor[0]]
    assert list(facts["b"]["left_out"]) == [poor[1]]
    assert facts["verdicts"]["AP"]["reason"] == "one training of B"
    assert f"without run {poor[1]}, whose detections are not here" in said(capsys, good[0], poor[0])
    assert "missing or changed" in said(capsys, good[0], poor[1], status=2)


def test_sides_that_are_no_cell_are_refused(cell: Cell, capsys: pytest.CaptureFixture[str]) -> None:
    good, poor = cell("good", [0.90, 0.92]), cell("poor", [0.20, 0.21])
    text = said(capsys, f"{good[0]},{poor[1]}", good[1], status=2)
    assert f"runs {good[0]} and {poor[1]} differ in overrides, fit: one side of a comparison is one cell" in text
    assert "a seed of this side is named twice" in said(capsys, good[0], f"{poor[0]},{poor[0]}", status=2)


def test_compared_cells_are_called_by_what_sets_them_apart(make_record: Any) -> None:
    size = {"params": {"variant": "n"}, "profile": "quick"}
    for changes, name in (
        ({}, "rtvp-n (quick)"),
        ({"overrides": {"init": "none", "patch_size": 64}}, "rtvp-n (quick, init=none, patch_size=64)"),
        ({"wording": "codes"}, "rtvp-n (quick, vocabulary=codes)"),
    ):
        assert compare.name_of(make_record(method="rtvp", task="zeroshot", **size, **changes).spec) == name
