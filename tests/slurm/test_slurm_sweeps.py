"""Sweeps are lists of requests: the paper's settings, and every one of them a name that can be planned."""

from __future__ import annotations

import pytest

from benchmark.core.method import WeightsOrigin
from benchmark.core.plugins import list_names, load
from benchmark.harness.request import split_variant
from slurm.sweep import Asked, Sweep

ASKED = Asked("mmio-synth@n300", "smoke")


@pytest.mark.parametrize("name", list_names("sweep"))
def test_a_sweep_is_named_as_its_file_and_asks_for_what_was_chosen(name: str) -> None:
    sweep: Sweep = load("sweep", name)
    assert sweep.name == name
    requests = sweep.requests(ASKED)
    assert requests
    assert {request.profile for request in requests} == {"smoke"}
    assert {request.data for request in requests} <= {"mmio-synth@n300", "coco", "lvis"}
    for request in requests:
        method, size = split_variant(request.method)
        assert method in list_names("method")
        assert size is None or size in load("method", method).variants
    chosen = sweep.requests(Asked(seeds=(7, 8)))
    assert {request.seeds for request in chosen} == {(7, 8)}


def test_the_papers_settings_are_there() -> None:
    sizes = [request.params["patch_size"] for request in load("sweep", "patch_size").requests(ASKED)]
    assert sorted(sizes) == [8, 16, 32, 64, 128]
    parts = load("sweep", "ablation").requests(ASKED)
    assert [(request.task, *request.params) for request in parts] == [
        (task, *off)
        for task in ("closed", "zeroshot")
        for off in ((), ("adapter",), ("visual_prompt",), ("interaction",))
    ]
    paper = load("sweep", "paper").requests(ASKED)
    assert {request.task for request in paper} == {"closed", "zeroshot", "coco", "lvis"}
    zeroshot = load("sweep", "zeroshot-all").requests(ASKED)
    for controls in (
        [request for request in zeroshot if request.weights is WeightsOrigin.RANDOM],
        [request for request in zeroshot if request.wording == "codes"],
        [request for request in zeroshot if dict(request.params) == {"init": "none"}],
    ):
        assert [request.method for request in controls] == ["rtvp", "yolo-world"]
    assert len(load("sweep", "seeds").requests(ASKED)[0].seeds) == 5
