"""What a cell costs: latency without the first, slow answers, and hours as the nearest finished fit took them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmark.core.errors import RefusedError
from benchmark.core.paths import Home
from benchmark.core.record import FitRecord
from benchmark.core.spec import RunRequest
from benchmark.harness.cell import Cell, resolve
from benchmark.harness.execute import cost_again, execute
from benchmark.harness.fitting import Options, find_fit
from benchmark.harness.forecast import forecast
from benchmark.harness.plan import plan
from benchmark.harness.predict import forget_peak_memory, peak_memory_bytes, settled_latency, slower_alone
from benchmark.records.codec import encode
from benchmark.records.store import write_atomic
from tests.made_detector import _replace, mean_box

ASKED = RunRequest("mean-box", "closed", "mmio-synth@n20", "smoke")
WARM_UP = 2
SLOW_S = 0.3


@pytest.fixture
def adapter(tmp_path: Path) -> Iterator[Path]:
    """The made detector's adapter, not yet imported."""
    with mean_box(tmp_path, open_vocabulary=True):
        yield tmp_path / "rtvp-bench-mean-box" / "mean_box" / "adapter.py"


def test_the_first_answers_are_not_timed(adapter: Path) -> None:
    """A detector that is slow the first two times it is asked about one image alone, as one that compiles is."""
    slow = f"""if len(images) == 1:
            self.alone = getattr(self, "alone", 0) + 1
            if self.alone <= {WARM_UP}:
                time.sleep({SLOW_S})
        return [self.detect"""
    _replace(adapter, "import json", "import json\nimport time")
    _replace(adapter, "return [self.detect", slow)
    # In zero-shot no threshold is chosen, so no validation image is asked about before.
    record = execute(resolve(replace(ASKED, task="zeroshot"))[0], Options())
    assert WARM_UP < record.facts["test_images"] < 10  # few, so that one slow answer would move the 95th percentile
    assert record.cost.latency_p95_s is not None
    assert record.cost.latency_p95_s < SLOW_S / 2


@pytest.mark.parametrize(
    ("rounds_s", "rounds", "noisy"),
    [
        ((0.02, 0.02), 2, False),
        ((0.06, 0.02, 0.02), 3, False),
        ((0.02, 0.04, 0.02, 0.04, 0.02, 0.04), 6, True),
    ],
)
def test_latency_is_timed_until_two_rounds_agree(rounds_s: tuple[float, ...], rounds: int, noisy: bool) -> None:
    """rounds_s: seconds per image in each round; a round is three images, and two come before the first."""
    calls = -2

    def predict_one(_: int) -> None:
        nonlocal calls
        time.sleep(rounds_s[max(calls, 0) // 3])
        calls += 1

    latency = settled_latency(predict_one, [0, 1, 2])
    assert (calls, latency.noisy) == (3 * rounds, noisy)
    if not noisy:
        assert rounds_s[-1] <= latency.p50_s < 1.2 * rounds_s[-1]


def test_one_image_alone_much_slower_than_in_a_batch_is_a_disturbed_measurement() -> None:
    assert slower_alone(0.380, 5.08)  # 380 ms beside 197 ms
    assert not slower_alone(0.047, 23.0)


def test_the_cost_alone_is_measured_again_and_nothing_else_changes(adapter: Path) -> None:
    (cell,) = resolve(ASKED)
    record = execute(cell, Options())
    again = cost_again(cell, replace(record, cost=replace(record.cost, latency_p50_s=99.0)), Options())
    assert again.cost.latency_p50_s is not None
    assert again.cost.latency_p50_s < 9
    assert again.cost.train_hours == record.cost.train_hours
    assert replace(again, cost=record.cost) == record


def test_a_cost_without_its_fit_is_refused_and_nothing_is_trained(adapter: Path) -> None:
    (cell,) = resolve(ASKED)
    record = execute(cell, Options())
    assert cell.spec.fit is not None
    Home.find().fit(cell.spec.fit.fit_id).record.unlink()
    with pytest.raises(RefusedError, match=f"fit {cell.spec.fit.fit_id} is not on this machine"):
        cost_again(cell, record, Options())


@pytest.mark.parametrize(
    ("fields", "params", "factor"),
    [
        ("", {}, 1.0),
        ("    train_images: int = 5\n", {"train_images": "10"}, 2.0),
        ("    epochs: int = 3\n", {"epochs": "6"}, 2.0),
        ("    epochs: int = 3\n    train_images: int = 5\n", {"epochs": "6", "train_images": "10"}, 4.0),
    ],
)
def test_hours_follow_images_and_epochs_where_a_method_has_such_settings(
    adapter: Path, fields: str, params: dict[str, str], factor: float
) -> None:
    _replace(adapter, '    variant: str = "base"\n', '    variant: str = "base"\n' + fields)
    (cell,) = resolve(ASKED)
    execute(cell, Options())
    _lasted(cell, hours=2.0)
    (other,) = resolve(replace(ASKED, params=params, seeds=(1,)))
    assert plan([other])[0].hours == pytest.approx(2.0 * factor)
    assert forecast([other])[0].train_hours == pytest.approx(2.0 * factor)


def _lasted(cell: Cell, hours: float) -> FitRecord:
    assert cell.spec.fit is not None
    fit = find_fit(cell.spec.fit)
    assert fit is not None
    record = replace(fit.record, train_hours=hours)
    write_atomic(Home.find().fit(record.fit_id).record, encode(record))
    return record


def test_peak_memory_leaves_out_what_was_used_before() -> None:
    forget_peak_memory()
    before = peak_memory_bytes()
    assert before is not None
    del [np.ones(32 * 2**20)][:]  # 256 MiB, in a training for instance
    used = peak_memory_bytes()
    assert used is not None
    assert used > before + 200 * 2**20
    forget_peak_memory()
    after = peak_memory_bytes()
    assert after is not None
    assert after < used - 200 * 2**20
