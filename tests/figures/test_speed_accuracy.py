"""AP against latency: which records become points, and files that are equal for equal records."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.cli.main import main
from benchmark.core.errors import RecordError
from benchmark.core.method import WeightsOrigin
from benchmark.core.paths import Home
from benchmark.core.record import Cost, RunRecord, Status
from benchmark.figures.drawing.style import COLOURS, save, signs
from benchmark.figures.speed_accuracy import draw, points
from benchmark.records.codec import encode
from benchmark.records.store import write_atomic

Make = Callable[..., RunRecord]


def test_a_point_is_a_cells_mean_over_seeds(make_record: Make) -> None:
    seeds = [make_record(ap=0.1 + seed / 10, seed=seed) for seed in range(3)]
    seeds[2] = replace(seeds[2], cost=Cost(latency_p50_s=0.3, latency_noisy=False))
    (point,) = points(seeds)
    assert point.label == "rtvp-n"
    assert point.ap == pytest.approx(20.0)
    assert (point.ap_low, point.ap_high) == (point.ap, point.ap)  # one run's interval is not that of the mean
    (alone,) = points(seeds[:1])
    assert (alone.ap_low, alone.ap_high) == pytest.approx((5.0, 15.0))
    assert points([*seeds, replace(make_record(seed=9), cost=Cost(latency_p50_s=0.1, latency_noisy=True))]) == []
    assert point.latency_ms == pytest.approx(100.0)
    assert not point.changed


def test_what_is_no_point(make_record: Make) -> None:
    records = [
        make_record(wording="codes"),
        make_record(weights=WeightsOrigin.RANDOM, fit=None),
        make_record(status=Status.FAILED, error="x"),
        replace(make_record(), cost=Cost()),
    ]
    assert points(records) == []
    with pytest.raises(RecordError, match="no record has both"):
        draw(records)


def test_latencies_of_two_devices_share_no_axis(make_record: Make) -> None:
    records = [
        make_record(),
        make_record(profile="paper"),
        replace(make_record(method="yolo-world"), cost=Cost(latency_p50_s=0.1, device="another", latency_noisy=False)),
        make_record(overrides={"patch_size": 64}, params={"variant": "n", "patch_size": 64}),
    ]
    assert len({point.panel for point in points(records)}) == 3
    assert [point.label for point in points(records) if point.changed] == ["rtvp-n patch_size=64"]
    figure = draw(records)
    assert [axes.get_title() for axes in figure.axes] == sorted({point.panel for point in points(records)})


def test_every_method_has_its_own_sign() -> None:
    names = [f"method {i}" for i in range(3 * len(COLOURS))]
    assert len(set(signs(names).values())) == len(names)
    assert signs(names) == signs(names[::-1])


def test_equal_records_give_equal_files(make_record: Make, tmp_path: Path) -> None:
    first, second = (save(draw([make_record()]), tmp_path / name, "f") for name in ("a", "b"))
    assert [path.name for path in first] == ["f.pdf", "f.png"]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    (tmp_path / "in the way").write_text("")
    with pytest.raises(RecordError, match="could not be written"):
        save(draw([make_record()]), tmp_path / "in the way", "f")


@pytest.mark.usefixtures("bench_home")
class TestCommand:
    @pytest.fixture(autouse=True)
    def results(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setenv("BENCH_RESULTS", str(tmp_path / "results"))
        return tmp_path / "results"

    def test_draws_what_was_measured(
        self, make_record: Make, results: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for record in (make_record(), make_record(profile="smoke"), make_record(task="closed")):
            write_atomic(Home.find().run(record.run_id).record, encode(record))
        assert main(["figure", "speed_accuracy", "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["records"] == 1
        assert [Path(path).parent for path in told["files"]] == [results / "figures"] * 2
        assert all(Path(path).stat().st_size > 1000 for path in told["files"])

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["speed"], "unknown figure 'speed'"),
            (["speed-accuracy", "--task", "zero"], "did you mean zeroshot"),
            (["speed-accuracy", "--data", "mmio"], "no record has both"),
        ],
    )
    def test_what_cannot_be_drawn(self, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["figure", *arguments]) == 2
        assert words in capsys.readouterr().err


def test_a_latency_that_is_noisy_or_was_measured_once_is_no_point(make_record: Make) -> None:
    record = make_record()
    noisy = [replace(record, cost=replace(record.cost, latency_noisy=noisy)) for noisy in (True, None)]
    assert [len(points([record])), *(len(points([other])) for other in noisy)] == [1, 0, 0]
