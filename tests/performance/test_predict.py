"""The measurement `predict` measures both loops on the same work; how long they take is not a test's business."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.performance import predict
from tests.performance.__main__ import main

SMALL = ["--profile", "smoke", "--images", "3", "--batch", "2", "--rounds", "2"]


@pytest.mark.models
@pytest.mark.parametrize("method", ["yolov8", "yolo-world-n"])
def test_json_holds_both_times_and_their_ratio(
    method: str, bench_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", "--method", method, *SMALL, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["method"], facts["image_side_px"], facts["images"], facts["batch"], facts["rounds"]) == (
        method, 64, 3, 2, 2)  # fmt: skip
    assert facts["detections_per_image"] > 0
    assert 0 < facts["ratio_quartiles"][0] <= facts["ratio"] <= facts["ratio_quartiles"][1]
    for name in ("predict", "bare"):
        low, high = facts[name]["quartiles_s"]
        assert 0 < low <= facts[name]["median_s"] <= high
        assert facts[name]["images_per_s"] == pytest.approx(3 / facts[name]["median_s"])


@pytest.mark.models
def test_both_loops_find_the_same_boxes(bench_home: Path) -> None:
    adapter, bare = predict.untrained("yolov8", "smoke", "cpu")
    assert bare is not None
    images = predict.make_images(4)
    for ours, rows in zip(adapter.predict(images, predict.LIMITS), bare(images, predict.LIMITS), strict=True):
        assert len(ours) > 0
        np.testing.assert_allclose(ours.xyxy, rows[:, :4].numpy(), atol=1e-4)
        np.testing.assert_allclose(ours.scores, rows[:, 4].numpy(), atol=1e-6)
        np.testing.assert_array_equal(ours.labels, rows[:, 5].numpy())


@pytest.mark.models
def test_lines_for_people(bench_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "--method", "yolov8", *SMALL]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in said] == ["yolov8", "rounds", "predict", "bare", "ratio"]


@pytest.mark.models
def test_a_network_that_is_not_the_librarys_has_no_bare_loop() -> None:
    from tests.performance.bare import bare_loop

    assert bare_loop(object(), 64) is None


def test_every_round_shows_every_image_once() -> None:
    shown: list[int] = []
    (ours,) = predict.alternate([lambda images, *_: shown.append(len(images))], list(range(5)), batch=2, rounds=3)
    assert shown == [2, 2, 1] * 4  # the first round warms up
    assert len(ours) == 3


def test_the_loops_take_turns() -> None:
    called: list[str] = []
    loops = [lambda *_: called.append("ours"), lambda *_: called.append("bare")]
    ours, bare = predict.alternate(loops, [0], batch=1, rounds=3)
    assert (len(ours), len(bare)) == (3, 3)
    assert called == ["bare", "ours", "ours", "bare"] * 2


def test_the_ratio_is_taken_round_by_round() -> None:
    assert predict.ratio([1.0, 4.0, 3.0], [1.0, 2.0, 1.0]) == {"ratio": 2.0, "ratio_quartiles": (1.5, 2.5)}
    assert predict.ratio([1.0]) == {"ratio": None, "ratio_quartiles": None}


def test_a_method_without_a_bare_loop_has_no_ratio() -> None:
    timing = predict.timing([1.0, 3.0, 2.0], 4)
    assert (timing.median_s, timing.quartiles_s, timing.images_per_s) == (2.0, (1.5, 2.5), 2.0)
    facts = {"method": "m", "profile": "smoke", "image_side_px": 64, "images": 4, "batch": 2, "rounds": 3,
             "detections_per_image": 1.0, "predict": timing, "bare": None, "ratio": None}  # fmt: skip
    said = "\n".join(predict.lines(facts))
    assert "500.00 ms per image (quartiles 375.00 to 625.00), 2.00 images per second" in said
    assert "ratio    none" in said


@pytest.mark.parametrize("option", ["--images", "--batch", "--rounds"])
def test_too_few_to_measure(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["predict", option, "0"])
    assert f"{option}: 0: at least 1 is needed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--profile", "quik"], "unknown profile 'quik': did you mean quick?"),
        (["--method", "yolo8"], "unknown method 'yolo8': did you mean yolov8"),
    ],
)
def test_wrong_use_is_one_line(
    arguments: list[str], message: str, bench_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", *arguments]) == 2
    error = capsys.readouterr().err.strip()
    assert error.startswith(f"error: {message}")
    assert len(error.splitlines()) == 1
