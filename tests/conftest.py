"""What all tests share: a home of their own, the real images where there are any, hand-made records."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmark.core.method import WeightsOrigin
from benchmark.core.record import Cost, Provenance, RunRecord, Status
from benchmark.core.spec import FitSpec, RunSpec
from tests.wandb_account import own_environment, wandb_account
from tests.wandb_server import WandbServer

if importlib.util.find_spec("ultralytics"):
    # Its import replaces Pillow's open for the whole process; the engine's way of importing it puts that right.
    from methods._ultralytics.library import prepare

    prepare()


@pytest.fixture(scope="session")
def open_data() -> Path:
    """The folder with the public defect images; named by BENCH_OPEN_DATA."""
    named = os.environ.get("BENCH_OPEN_DATA")
    if named:
        folder = Path(named).expanduser().resolve()
        if not folder.is_dir():
            pytest.fail(f"BENCH_OPEN_DATA names {folder}, which is no folder")
        return folder
    if os.environ.get("CI") == "true":
        pytest.fail("BENCH_OPEN_DATA is unset: CI must run on the real images")
    pytest.skip("BENCH_OPEN_DATA is unset: no real images here")


@pytest.fixture
def bench_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh $BENCH_HOME."""
    home = tmp_path / "home"
    monkeypatch.setenv("BENCH_HOME", str(home))
    return home


@pytest.fixture
def wandb_server(bench_home: Path) -> Iterator[WandbServer]:
    """A stand-in for W&B with an account on it; fails the test if the client asked what it does not know."""
    with wandb_account(bench_home.parent) as server:
        yield server
    assert server.unknown == []


@pytest.fixture
def no_wandb_account(bench_home: Path) -> Iterator[None]:
    """No API key, no settings of whoever runs the tests."""
    with own_environment(bench_home.parent):
        yield


FIT = FitSpec("rtvp", 1, {"variant": "n"}, "mmio-open", 1, "d" * 64, "zeroshot", "e" * 64, "f" * 64, 0, "minilm@0123")
SPEC = RunSpec(
    method="rtvp",
    method_version=1,
    task="zeroshot",
    task_version=1,
    dataset="mmio-open",
    dataset_version=1,
    dataset_digest="d" * 64,
    split_digest="e" * 64,
    wording="canonical",
    vocabulary_digest="f" * 64,
    profile="quick",
    params={"variant": "n"},
    overrides={},
    protocol={"evaluators": {"coco_ap": 1}},
    seed=0,
    weights=WeightsOrigin.TRAINED_HERE,
    text_encoder="minilm@0123",
    fit=FIT,
)
PROVENANCE = Provenance("2026-01-01T00:00:00Z", None, None, {"python": "3.11"}, "cpu", "trained here")


@pytest.fixture
def make_record() -> Callable[..., RunRecord]:
    """make_record(ap=0.2, status=..., error=..., **changes of the spec)."""

    def make(
        ap: float = 0.2,
        ap50: float = 0.4,
        ap75: float = 0.1,
        status: Status = Status.OK,
        error: str | None = None,
        **changes: Any,
    ) -> RunRecord:
        spec = replace(SPEC, **changes)
        if spec.fit is not None and "fit" not in changes:
            spec = replace(spec, fit=replace(spec.fit, seed=spec.seed, dataset=spec.dataset))
        metrics = {"AP": ap, "AP50": ap50, "AP75": ap75} if status is Status.OK else {}
        return RunRecord(
            run_id=spec.run_id,
            spec=spec,
            status=status,
            metrics=metrics,
            per_class={"hole, wood": {"AP": ap, "AP50": None, "boxes": 3.0, "images": 2.0}},
            intervals={"AP": (ap - 0.05, ap + 0.05)} if metrics else {},
            cost=Cost(parameters=16_000_000, latency_p50_s=0.1, latency_noisy=False),
            provenance=PROVENANCE,
            error=error,
        )

    return make
