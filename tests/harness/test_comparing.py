"""`bench collect` compares the cells of a board from their stored evidence, and only where something changed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.cli.main import main
from benchmark.core.comparison import Comparison, Floor, Outcome
from benchmark.core.method import WeightsOrigin
from benchmark.core.paths import Home, Results
from benchmark.core.record import RunRecord
from benchmark.core.spec import RunRequest
from benchmark.harness.cell import resolve
from benchmark.harness.comparing import compare_boards
from benchmark.harness.execute import execute
from benchmark.harness.fitting import Options
from benchmark.records.comparisons import Comparisons, write_comparison
from benchmark.records.query import committed_records
from benchmark.records.seeds import seed_groups
from benchmark.records.store import Store
from tests.made_detector import _replace, mean_box

ASKED = RunRequest("mean-box", "closed", "mmio-synth@n60", "quick")
NOISY_ORACLE = '''
    def show_ground_truth(self, annotations):
        self.shown = annotations

    def predict(self, images, limits):
        """The true boxes, moved by a share of their sides; untrained weights detect nothing."""
        if not self.model:
            return [Detections.empty() for _ in images]
        answers = []
        for image, boxes in zip(images, self.shown):
            rng = np.random.default_rng(int(image.sum()))
            side = np.tile(boxes.xyxy[:, 2:] - boxes.xyxy[:, :2], 2)
            moved = boxes.xyxy + self.config.noise * side * rng.normal(size=boxes.xyxy.shape)
            moved[:, 2:] = np.maximum(moved[:, 2:], moved[:, :2] + 1)
            scores = np.linspace(0.9, 0.8, len(moved), dtype=np.float32)
            answers.append(Detections(moved.astype(np.float32), scores, boxes.labels))
        return answers
'''


@pytest.fixture
def results(tmp_path: Path) -> Iterator[Results]:
    """The results after cells were measured whose boxes are exact and moved, and their untrained control."""
    with mean_box(tmp_path):
        adapter = tmp_path / "rtvp-bench-mean-box" / "mean_box" / "adapter.py"
        _replace(adapter, '    variant: str = "base"\n', '    variant: str = "base"\n    noise: float = 0.0\n')
        before, mark, after = adapter.read_text(encoding="utf-8").partition("\n    def predict(")
        assert mark
        adapter.write_text(before + NOISY_ORACLE + after[after.index("\n    def detect(") :], encoding="utf-8")
        measure(ASKED)
        measure(replace(ASKED, params={"noise": "0.1"}))
        measure(replace(ASKED, weights=WeightsOrigin.RANDOM))
        yield Results.find()


def measure(request: RunRequest) -> None:
    for cell in resolve(request):
        execute(cell, Options())


def only(results: Results) -> Comparison:
    (comparison,) = Comparisons.find(results).by_board.values()
    return comparison


def by_variations(results: Results) -> dict[str, RunRecord]:
    """The records of seed 0, by how they differ from the plain cell."""
    records = committed_records()
    return {" ".join(record.spec.variations): record for record in records if record.spec.seed == 0}


def test_one_training_each_is_not_judged(results: Results, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["collect"]) == 0
    assert "compared closed mmio-synth@n60 quick: 3 cells, learnt" in capsys.readouterr().out
    comparison, records = only(results), by_variations(results)
    assert {record.run_id for record in records.values()} == set(comparison.evidence)
    pair = next(
        pair for pair in comparison.pairs if {pair.a, pair.b} == {records[""].run_id, records["noise=0.1"].run_id}
    )
    assert (pair.family, pair.verdict.outcome, pair.verdict.reason) == (
        "mean-box", Outcome.NOT_JUDGED, "one training each"
    )  # fmt: skip
    for cell in comparison.cells:
        record = next(record for record in records.values() if record.run_id == cell.cell)
        assert (cell.value, cell.basis) == (record.metrics["AP"], "images")
        assert cell.interval == record.intervals["AP"]
    assert {place.rank for place in comparison.places(list(comparison.evidence)).values()} == {None}


def test_several_trainings_are_judged_and_ranked(results: Results) -> None:
    measure(replace(ASKED, seeds=(1, 2)))
    measure(replace(ASKED, params={"noise": "0.1"}, seeds=(1, 2)))
    assert main(["collect"]) == 0
    comparison, records = only(results), by_variations(results)
    exact, moved = records[""].run_id, records["noise=0.1"].run_id
    places = comparison.places([exact, moved])
    assert (places[exact].rank, places[moved].rank) == (1, 2)
    cells = {cell.cell: cell for cell in comparison.cells}
    assert cells[moved].basis == "images and trainings"
    assert len(cells[moved].runs) == 3


def test_what_is_current_is_not_compared_again(results: Results) -> None:
    assert main(["collect"]) == 0
    first = only(results)
    # A stored comparison is read, not made again: this one could not be made.
    write_comparison(results, replace(first, images=1))
    assert main(["collect"]) == 0
    assert only(results).images == 1
    measure(replace(ASKED, seeds=(1,)))
    assert main(["collect"]) == 0
    assert only(results).images == first.images
    assert len(only(results).evidence) == 4


def test_a_board_without_its_evidence_keeps_its_old_comparison_and_says_why(
    results: Results, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["collect"]) == 0
    first = only(results)
    measure(replace(ASKED, seeds=(1,)))
    moved = by_variations(results)["noise=0.1"].run_id
    shutil.rmtree(Home.find().run(moved).root)
    (results.predictions / f"{moved}.parquet").unlink()
    capsys.readouterr()
    assert main(["collect"]) == 0
    out = capsys.readouterr().out
    assert "not compared closed mmio-synth@n60 quick: " in out
    assert f"{moved}.parquet: missing" in out
    assert only(results) == first
    shown = seed_groups(committed_records())
    places = Comparisons.find(results).places(shown)
    assert moved in places  # its record and evidence are those of the old comparison
    assert by_variations(results)[""].run_id not in places  # this cell has a training that was not compared


def test_the_comparison_of_cells_that_are_gone_is_removed(results: Results) -> None:
    assert main(["collect"]) == 0
    store = Store(results.records)
    for record in committed_records()[:2]:
        store.path(record).unlink()
        shutil.rmtree(Home.find().run(record.run_id).root)
    assert main(["collect"]) == 0
    assert Comparisons.find(results).by_board == {}


def test_a_comparison_that_cannot_be_read_is_made_again(results: Results) -> None:
    assert main(["collect"]) == 0
    first = only(results)
    write_comparison(results, replace(first, schema=99))
    assert main(["collect"]) == 0
    assert only(results) == first


def test_nothing_learnt_ranks_nobody(results: Results) -> None:
    assert main(["collect"]) == 0
    records = by_variations(results)
    control = records["weights=random"]
    compared = compare_boards([control, records["noise=0.1"]], Comparisons())
    assert compared.made[0].floor is Floor.NOTHING_LEARNT  # a changed setting is no plain cell
