"""Figures drawn from what `bench explain` stored: from made arrays and our own pictures to panels."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmark.core.detections import Detections
from benchmark.core.errors import RecordError
from benchmark.core.paths import Home, Results
from benchmark.core.record import RunRecord
from benchmark.figures import confusion, figure_4, figure_5a, figure_5b, precision_recall
from benchmark.figures.drawing.style import OTHERS, may_lie_in, save
from benchmark.records.explanations import (
    NamedBox,
    Numbers,
    Picture,
    find_numbers,
    find_pictures,
    write_numbers,
    write_pictures,
)
from benchmark.records.predictions import write_predictions

Make = Callable[..., RunRecord]
NAMES = ("hole, wood", "knot, wood")


@pytest.fixture(autouse=True)
def home(bench_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BENCH_RESULTS", str(tmp_path / "results"))
    return bench_home


def numbers(run_id: str) -> Numbers:
    draw = np.random.default_rng(0)
    labels = np.repeat(np.arange(2), 10)
    features = draw.normal(size=(20, 8)) + 20 * np.eye(8)[labels]
    curve = np.linspace(1, 0, 101, dtype=np.float32)
    counts = np.array([[6, 1, 3], [0, 8, 2], [1, 4, 0]])
    precision = np.stack([curve, curve / 2, curve / 4])
    return Numbers(run_id, NAMES, precision, counts, 0.25, "by hand", features.astype(np.float16), labels, labels)


def picture(*, ours: bool = True) -> Picture:
    jpeg = io.BytesIO()
    Image.new("RGB", (40, 30), (90, 120, 90)).save(jpeg, "JPEG")
    maps = {name: np.tile(np.arange(0, 200, 20, dtype=np.uint8), (8, 1)) for name in ("visual", "features")}
    boxes = (NamedBox(4, 4, 20, 20, NAMES[0]), NamedBox(50, 30, 70, 50, NAMES[1]))
    return Picture(7, "wood", "made", "CC0", ours, 80, 60, boxes, jpeg.getvalue(), maps)


def explained(record: RunRecord, *, ours: bool = True) -> RunRecord:
    folder = Home.find().explanations
    write_numbers(folder, numbers(record.run_id))
    write_pictures(folder, record.run_id, (picture(ours=ours),))
    return record


def test_files_come_back_as_they_were(make_record: Make) -> None:
    record = explained(make_record())
    back, pictures = find_numbers(record.run_id), find_pictures(record.run_id)
    wanted = numbers(record.run_id)
    assert back is not None
    assert (back.names, back.confidence, back.chosen) == (wanted.names, wanted.confidence, wanted.chosen)
    for name in ("precision", "confusion", "features", "labels", "image_ids"):
        np.testing.assert_array_equal(getattr(back, name), getattr(wanted, name))
    assert pictures[0].boxes == picture().boxes
    assert pictures[0].jpeg == picture().jpeg
    np.testing.assert_array_equal(pictures[0].maps["visual"], picture().maps["visual"])
    assert (find_numbers("0" * 12), find_pictures("0" * 12)) == (None, ())


def test_a_file_that_is_none_is_named(make_record: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Home.find().explanations / "abc.npz"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"PK no")
    with pytest.raises(RecordError, match=r"abc\.npz: not a file that 'bench explain' wrote"):
        find_numbers("abc")
    monkeypatch.setattr("benchmark.records.explanations.SCHEMA", 2)
    written = write_numbers(path.parent, numbers("abc"))
    monkeypatch.undo()
    monkeypatch.setenv("BENCH_HOME", str(written.parents[1]))
    with pytest.raises(RecordError, match="schema is 2, this version reads 1"):
        find_numbers("abc")


def test_the_area_of_a_curve_is_its_legend(make_record: Make) -> None:
    record = explained(make_record())
    axes = precision_recall.draw([record]).axes
    assert [each.get_legend_handles_labels()[1][0] for each in axes] == [
        "rtvp-n  50.0",
        "rtvp-n  25.0",
        "rtvp-n  12.5",
    ]


def test_rows_of_a_matrix_are_shares_of_the_truth(make_record: Make) -> None:
    made = confusion.matrices([explained(make_record())])
    assert made is not None
    np.testing.assert_allclose(made[1][0].shares, [[60, 10, 30], [0, 80, 20], [20, 80, 0]])
    assert made[1][0].names == (*NAMES, "background")
    kept, gathered = confusion.gathered(np.diag([5, 1, 9, 2, 0]), most=2)
    assert kept == [0, 2]
    np.testing.assert_array_equal(gathered, np.diag([5, 9, 3, 0]))
    assert len(confusion.draw([explained(make_record(method="yolo-world"))]).axes) == 1


def test_figure_4_says_what_is_missing_beside_what_is_there(make_record: Make) -> None:
    pytest.importorskip("sklearn")
    records = [explained(make_record()), make_record(method="fgvp")]
    figure = figure_4.draw(records)
    titles = [axes.get_title() for axes in figure.axes]
    assert titles[3].splitlines()[-1] == "neighbours alike 0.90"
    texts = [axes.texts[0].get_text() if axes.texts else "" for axes in figure.axes]
    assert texts[0].startswith("not run:\nbench run\n--method yolo-world")
    assert texts[2] == f"no features:\nbench explain\n{records[1].run_id}"


def test_neighbours_of_one_class_are_alike() -> None:
    labels = np.repeat(np.arange(2), 12)
    apart = np.eye(2, dtype=np.float16)[labels]
    assert figure_4.purity(apart, labels) == pytest.approx(1.0)
    assert figure_4.purity(apart[:1], labels[:1]) == 0.0


def test_figure_5a_has_a_row_for_the_oracle_where_it_was_run(make_record: Make) -> None:
    record = explained(make_record())
    assert len(figure_5a.draw([record]).axes) == 3
    oracle = explained(make_record(method="fgvp", params={"prompt": "truth"}))
    assert len(figure_5a.draw([record, oracle]).axes) == 4


def test_figure_5b_judges_each_box_once(make_record: Make) -> None:
    truth = picture().boxes
    twice = [NamedBox(4, 4, 20, 20, NAMES[0]), NamedBox(5, 5, 20, 20, NAMES[0]), NamedBox(50, 30, 70, 50, NAMES[0])]
    right, wrong, missed = figure_5b.judged(truth, twice)
    assert (right, wrong, missed) == ([twice[0]], twice[1:], [truth[1]])


def test_figure_5b_draws_detections_from_the_runs_own_score(make_record: Make) -> None:
    record = explained(make_record(task="closed"))
    boxes = np.array([[4, 4, 20, 20], [0, 0, 5, 5]], np.float32)
    detections = Detections(boxes, np.array([0.9, 0.1], np.float32), np.array([0, 1], np.int64))
    write_predictions(Home.find().run(record.run_id).predictions, {7: detections})
    shown = figure_5b.shown_rows([record])
    assert shown is not None
    answers = {row.title.split("\n")[0]: row.answers for row in shown[2]}
    assert answers["rtvp-n"] == ((NamedBox(4, 4, 20, 20, NAMES[0]),),)
    assert answers["yolov8"] == "not run: bench run --method yolov8 --task closed --data mmio-open --profile quick"
    assert len(figure_5b.draw([record]).axes) == 4


def test_pictures_of_others_never_lie_in_the_results(make_record: Make, tmp_path: Path) -> None:
    figure = figure_5a.draw([explained(make_record(), ours=False)])
    assert figure.get_gid() == OTHERS
    assert not may_lie_in(Results.find().root / "figures", figure)
    with pytest.raises(RecordError, match="must not be stored in the results; choose another folder with --out"):
        save(figure, Results.find().root / "figures", "figure-5a")
    assert save(figure, tmp_path / "elsewhere", "figure-5a")[0].is_file()


@pytest.mark.parametrize("module", [confusion, figure_4, figure_5a, figure_5b, precision_recall])
def test_without_arrays_a_command_is_offered(module: Any, make_record: Make) -> None:
    with pytest.raises(RecordError, match=r"come from: bench run --method rtvp .* then 'bench explain RUN'"):
        module.draw([make_record()])
