"""What is said of a cell that is not the profile's own, and the command that makes it again."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

import pytest

from benchmark.cli._printing import cell_name
from benchmark.cli.main import main
from benchmark.core.method import WeightsOrigin
from benchmark.core.paths import Home
from benchmark.core.plugins import load
from benchmark.core.record import Artifact, FitRecord, RunRecord
from benchmark.core.spec import RunRequest
from benchmark.figures.drawing.panels import cell_label
from benchmark.harness.cell import resolve
from benchmark.leaderboard._page_data import page_data
from benchmark.leaderboard._record_data import record_data
from benchmark.leaderboard._wandb_rows import markdown_tables
from benchmark.leaderboard.boards import cells_of
from benchmark.leaderboard.context import Context
from benchmark.records.codec import encode
from benchmark.records.store import write_atomic
from benchmark.tracking.names import config_of

Make = Callable[..., RunRecord]


def test_a_start_on_other_data_is_named_everywhere(make_record: Make) -> None:
    plain = make_record().spec
    assert plain.fit is not None
    spec = replace(plain, fit=replace(plain.fit, start=replace(plain.fit, dataset="objects365")))
    assert plain.variations == ()
    assert spec.variations == ("from objects365",)
    assert cell_label(spec) == f"{cell_label(plain)} from objects365"
    assert cell_name(spec).endswith(" · from objects365")
    assert "from" not in cell_name(plain)


def test_one_list_of_variations_is_shown_everywhere(make_record: Make) -> None:
    record = make_record(
        params={"variant": "m", "sizes": (1, 2), "adapter": False, "patience": None},
        overrides={"variant": "m", "sizes": (1, 2), "adapter": False, "patience": None},
        wording="codes",
        weights=WeightsOrigin.RANDOM,
        fit=None,
    )
    spec = record.spec
    varied = ("adapter=false", "patience=none", "sizes=1,2", "vocabulary=codes", "weights=random")
    assert (spec.model, spec.variations) == ("rtvp-m", varied)
    assert cell_name(spec).endswith(" · ".join(varied))
    assert cell_label(spec) == " ".join(["rtvp-m", *varied])
    (cell,) = cells_of([record])
    assert record_data(record, cell, Context())["apart"] == list(varied)
    assert page_data([cell], Context())["values"]["apart"]["words"] == [" · ".join(varied)]
    ((_, table),) = markdown_tables([record])
    assert ", ".join(varied) in table
    assert config_of(record)["setting"] == ", ".join(varied)


def test_the_wording_of_a_task_is_no_variation_on_its_board(make_record: Make) -> None:
    record = make_record(task="zeroshot-synonym", wording="synonyms")
    tasks = {"zeroshot-synonym": load("task", "zeroshot-synonym")}
    assert page_data(cells_of([record]), Context(tasks=tasks))["values"]["apart"]["words"] == [""]
    assert page_data(cells_of([record]), Context())["values"]["apart"]["words"] == ["vocabulary=synonyms"]


@pytest.mark.models
@pytest.mark.usefixtures("bench_home")
@pytest.mark.parametrize(
    "request_",
    [
        RunRequest("yolov8-s", "closed", params={"epochs": "2"}, seeds=(3,)),
        RunRequest("rtvp", "zeroshot", wording="codes", weights=WeightsOrigin.RANDOM),
        RunRequest("yolo-world", "transfer:glass", params={"init": "none"}),
        RunRequest("glip-t-c", "zeroshot", weights=WeightsOrigin.PRETRAINED),
        RunRequest("yolo-world", "zeroshot-synonym"),
    ],
    ids=lambda asked: f"{asked.method} {asked.task}",
)
def test_the_command_beside_a_number_asks_for_the_same_cell(
    request_: RunRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = resolve(replace(request_, data="mmio-synth@n300", profile="smoke"))[0].spec
    assert asked_by(spec.command, capsys) == spec.run_id


@pytest.mark.models
@pytest.mark.usefixtures("bench_home")
def test_the_command_names_the_fit_that_it_starts_from(make_record: Make, capsys: pytest.CaptureFixture[str]) -> None:
    asked = RunRequest("yolo-world", "zeroshot", "mmio-synth@n300", "smoke")
    alone = resolve(asked)[0].spec.fit
    assert alone is not None
    start = replace(alone, dataset="objects365", split_rule="pretrain", start=None)
    provenance = make_record().provenance
    assert provenance is not None
    folder = Home.find().fit(start.fit_id).root
    write_atomic(folder / "checkpoint.pt", "weights")
    checkpoint = Artifact("checkpoint", "checkpoint.pt", sha256(b"weights").hexdigest())
    write_atomic(folder / "fit.json", encode(FitRecord(start.fit_id, start, checkpoint, 1.0, {}, provenance)))
    spec = resolve(replace(asked, from_fit=start.fit_id))[0].spec
    assert asked_by(spec.command, capsys) == spec.run_id


def asked_by(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    """The id of the cell that `bench run ...` would measure."""
    capsys.readouterr()
    assert main([*shlex.split(command)[1:], "--dry-run"]) == 0
    return capsys.readouterr().out.split()[0]
