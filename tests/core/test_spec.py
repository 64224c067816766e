"""What is part of a cell's identity and what is not, and how a cell is named and asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from benchmark.core.canonical import digest, to_plain
from benchmark.core.errors import ConfigError
from benchmark.core.method import WeightsOrigin
from benchmark.core.record import RunRecord
from benchmark.core.spec import FitSpec, RunRequest, RunSpec

Make = Callable[..., RunRecord]


@pytest.fixture
def spec(make_record: Make) -> RunSpec:
    """RTVP of size n with a fit of its own: the plain cell of its profile."""
    return make_record().spec


@pytest.fixture
def fit(spec: RunSpec) -> FitSpec:
    assert spec.fit is not None
    return spec.fit


def test_an_id_is_the_digest_of_the_spec_without_what_is_absent(spec: RunSpec, fit: FitSpec) -> None:
    plain = to_plain(replace(spec, fit=replace(fit, start=fit)))
    del plain["held_out"]
    del plain["fit"]["weights_sha256"]
    del plain["fit"]["start"]["weights_sha256"]
    started = replace(spec, fit=replace(fit, start=fit))
    assert started.run_id == digest(plain)[:12]
    assert started.fit is not None
    assert started.fit.fit_id == digest(plain["fit"])[:12]
    assert plain["weights_sha256"] is None  # of the run itself it always counts


def test_an_id_counts_released_weights_and_a_held_out_scene_where_there_are_any(spec: RunSpec, fit: FitSpec) -> None:
    released = replace(fit, weights_sha256="a" * 64)
    assert released.fit_id == digest(released)[:12]
    assert released.fit_id != fit.fit_id
    wood = replace(spec, held_out="wood", fit=released)
    assert wood.run_id == digest(wood)[:12]
    assert len({spec.run_id, wood.run_id, replace(wood, held_out="steel").run_id}) == 3


def test_seeds_of_a_cell_share_its_key_and_not_their_ids(spec: RunSpec, fit: FitSpec) -> None:
    other = replace(spec, seed=7, fit=replace(fit, seed=7))
    assert other.seedless == spec == spec.seedless
    assert other.cell_key == spec.cell_key
    assert other.run_id != spec.run_id
    assert replace(spec, fit=None, seed=7).seedless == replace(spec, fit=None)


def test_a_chain_begins_with_what_is_trained_first(spec: RunSpec, fit: FitSpec) -> None:
    first, second = replace(fit, method="yolov8"), replace(fit, dataset="objects365", start=None)
    chained = replace(fit, start=replace(second, start=first))
    assert chained.chain == (first, replace(second, start=first), chained)
    assert replace(spec, fit=chained).fits == chained.chain
    assert replace(spec, fit=None).fits == ()


def test_other_data_that_a_fit_was_trained_on_is_named_once_and_in_order(spec: RunSpec, fit: FitSpec) -> None:
    boxes = replace(fit, dataset="objects365")
    again = replace(fit, dataset="objects365", seed=1, start=boxes)
    phrases = replace(fit, dataset="goldg", start=again)
    pretrained = replace(spec, fit=replace(fit, start=phrases))
    assert pretrained.start_data == ("objects365", "goldg")
    assert pretrained.started_from == "from objects365+goldg"
    assert (spec.start_data, spec.started_from) == ((), "")


def test_how_a_cell_is_named(spec: RunSpec, fit: FitSpec) -> None:
    assert (spec.size, spec.model, spec.variations) == ("n", "rtvp-n", ())
    assert (replace(spec, params={}).size, replace(spec, params={}).model) == ("", "rtvp")
    assert (spec.task_asked, replace(spec, held_out="wood").task_asked) == ("zeroshot", "zeroshot:wood")
    overrides = {"variant": "s", "mosaic": True, "flip": False, "init": None, "scales": (1, 2), "epochs": 3}
    varied = replace(
        spec,
        overrides=overrides,
        wording="codes",
        weights=WeightsOrigin.RANDOM,
        fit=replace(fit, start=replace(fit, dataset="goldg")),
    )
    assert varied.variations == (
        "epochs=3",
        "flip=false",
        "init=none",
        "mosaic=true",
        "scales=1,2",
        "vocabulary=codes",
        "weights=random",
        "from goldg",
    )
    assert replace(varied, fit=None).variations == varied.variations[:-1]


def test_the_command_that_plans_a_cell_again(spec: RunSpec, fit: FitSpec) -> None:
    plain = "bench run --method rtvp --task zeroshot --data mmio-open --profile quick --seed 0"
    assert spec.command == plain
    assert replace(spec, held_out="dark wood").command == plain.replace("zeroshot", "'zeroshot:dark wood'")
    sized = replace(spec, overrides={"variant": "n", "patch_size": 64}, seed=3)
    assert sized.command == plain.replace("rtvp", "rtvp-n").replace("seed 0", "seed 3") + " --set patch_size=64"
    expert, pretrained = replace(fit, method="yolov8"), replace(fit, dataset="objects365")
    assert replace(spec, fit=replace(fit, start=expert)).command == plain  # which the method itself asks for
    other = replace(spec, wording="codes", weights=WeightsOrigin.RANDOM, fit=replace(fit, start=pretrained))
    assert other.command == f"{plain} --vocabulary codes --weights random --from-fit {pretrained.fit_id}"
    assert replace(other, fit=pretrained).command == f"{plain} --vocabulary codes --weights random"


@pytest.mark.parametrize("seeds", [(), (-1,), (2**32,), (0, 2**32), (3, 3)])
def test_seeds_that_cannot_be_are_refused(seeds: tuple[int, ...]) -> None:
    with pytest.raises(ConfigError, match=r"seeds are .*: expected different whole numbers from 0 to 4294967295"):
        RunRequest("rtvp", "zeroshot", seeds=seeds)


def test_one_seed_is_asked_for_unless_others_are() -> None:
    assert RunRequest("rtvp", "zeroshot").seeds == (0,)
    assert RunRequest("rtvp", "zeroshot", seeds=(2**32 - 1, 0)).seeds == (2**32 - 1, 0)
