"""Which cells share their noise of training, and which trainings are compared by pairs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from benchmark.core.method import WeightsOrigin
from benchmark.core.record import RunRecord, Status
from benchmark.core.spec import RunSpec
from benchmark.evaluators.statistics.verdict import TrainingNoise
from benchmark.harness.noise import alike, cells_like, noises_of, shared_training
from benchmark.records.seeds import seed_groups

MakeRecord = Callable[..., RunRecord]


def seeds(make_record: MakeRecord, values: list[float], **changes: Any) -> list[RunRecord]:
    return [make_record(ap=ap, seed=seed, **changes) for seed, ap in enumerate(values)]


def test_noise_is_pooled_over_cells_of_one_library(make_record: MakeRecord) -> None:
    rtvp = seeds(make_record, [0.1, 0.3], method="rtvp")
    yolo = seeds(make_record, [0.2, 0.2, 0.5], method="yolov8")
    once = seeds(make_record, [0.6], method="yolov9")
    other = seeds(make_record, [0.2, 0.4], method="vild")
    foreign = seeds(make_record, [0.2, 0.3], method="not-installed")
    failed = [make_record(method="rtvp", seed=7, status=Status.FAILED, error="memory")]
    noises = noises_of(seed_groups([*rtvp, *yolo, *once, *other, *foreign, *failed]))
    pooled = noises[rtvp[0].spec.cell_key]
    assert pooled.variance == pytest.approx((0.02 + 0.06) / 3)
    assert pooled.dof == 3
    assert noises[yolo[0].spec.cell_key] == noises[once[0].spec.cell_key] == pooled
    assert noises[other[0].spec.cell_key].variance == pytest.approx(0.02)
    assert noises[foreign[0].spec.cell_key].variance == pytest.approx(0.005)
    assert noises[rtvp[0].spec.cell_key] != noises_of(seed_groups([*rtvp, *yolo]), "AP50")[rtvp[0].spec.cell_key]


def test_weights_that_were_not_trained_here_take_the_noise_and_add_none(make_record: MakeRecord) -> None:
    trained = seeds(make_record, [0.1, 0.3], method="rtvp")
    random = seeds(make_record, [0.0, 0.0, 0.0], method="rtvp", weights=WeightsOrigin.RANDOM, fit=None)
    noises = noises_of(seed_groups([*trained, *random]))
    assert noises[random[0].spec.cell_key] == noises[trained[0].spec.cell_key]
    assert noises[trained[0].spec.cell_key].dof == 1
    assert noises_of(seed_groups(random))[random[0].spec.cell_key] == TrainingNoise(0.0, 0)


def test_cells_like_others_share_task_data_profile_and_library(make_record: MakeRecord) -> None:
    mine = seeds(make_record, [0.1, 0.2], method="rtvp", profile="quick")
    like = seeds(make_record, [0.1], method="yolov8", profile="quick")
    unlike = [
        make_record(method="vild", profile="quick"),
        make_record(method="rtvp", profile="paper"),
        make_record(method="rtvp", profile="quick", split_digest="another"),
        make_record(method="yolov9", profile="quick", status=Status.FAILED, error="memory"),
    ]
    found = cells_like([*mine, *like, *unlike], mine[0].spec)
    assert {record.run_id for cell in found for record in cell.records} == {r.run_id for r in [*mine, *like]}
    assert alike(mine[0].spec)[1] == "ultralytics"


def test_trainings_from_one_start_are_compared_by_pairs(make_record: MakeRecord) -> None:
    spec = make_record(method="rtvp").spec
    assert spec.fit is not None
    start = replace(spec.fit, dataset="pre-training")

    def from_start(start_seed: int = 0, **changes: Any) -> RunSpec:
        fit = replace(spec.fit, start=replace(start, seed=start_seed), **changes)  # type: ignore[type-var]
        return replace(spec, fit=fit)

    plain = from_start()
    assert shared_training(plain) == shared_training(from_start(params={"patch_size": 64}))
    assert shared_training(plain) == shared_training(from_start(seed=3))
    assert shared_training(plain) != shared_training(from_start(start_seed=1))
    assert shared_training(plain) != shared_training(from_start(split_digest="another"))
    assert shared_training(plain) != shared_training(spec)
    assert shared_training(spec) == shared_training(replace(spec, wording="codes"))
    assert shared_training(spec) != shared_training(replace(spec, fit=replace(spec.fit, params={"patch_size": 64})))
    assert shared_training(replace(spec, fit=None)) is None
