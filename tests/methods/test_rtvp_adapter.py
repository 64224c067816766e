"""RTVP as a method: settings, Mobile-SAM's weights by digest, a fit with resume, predictions that follow the words."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmark.core.detections import Annotations
from benchmark.core.detector import Limits
from benchmark.core.errors import ConfigError, MissingWeightsError, UnknownNameError
from benchmark.core.method import FitResult, Report
from benchmark.core.sample import Sample
from benchmark.core.settings import make_config
from benchmark.core.vocabulary import Vocabulary
from methods._ultralytics.recipe import Recipe
from methods.rtvp import _sam_weights
from methods.rtvp.adapter import PROFILES, Adapter, Config
from methods.yolo_world.adapter import PROFILES as BASELINE
from methods.yolo_world.adapter import Adapter as BaselineAdapter
from methods.yolo_world.adapter import Config as BaselineConfig

NAMES = Vocabulary.from_names(("red scratch", "green hole"))


def smoke(**settings: Any) -> Config:
    """The smoke profile without an expert."""
    return make_config(Config, {**PROFILES["smoke"], "init": "none", **settings}, "rtvp")


@pytest.fixture
def samples(tmp_path: Path) -> list[Sample]:
    """Four images with one red or green box each."""
    rng = np.random.default_rng(0)
    made = []
    for i in range(4):
        pixels = rng.integers(90, 130, (64, 64, 3)).astype(np.uint8)
        x, y = rng.integers(4, 30, 2)
        pixels[y : y + 24, x : x + 24] = (220, 30, 30) if i % 2 == 0 else (30, 220, 30)
        path = tmp_path / f"{i}.png"
        Image.fromarray(pixels).save(path)
        boxes = np.array([[x, y, x + 24, y + 24]], float)
        annotations = Annotations.from_boxes(boxes, np.array([i % 2]))
        made.append(Sample(i + 1, path, 64, 64, annotations, "plate", f"part {i}", "made here"))
    return made


@pytest.mark.parametrize("profile", ["smoke", "quick", "demo", "paper"])
def test_recipe_and_expert_are_the_baselines(profile: str) -> None:
    ours = make_config(Config, PROFILES[profile], "rtvp")
    baseline = make_config(BaselineConfig, BASELINE[profile], "yolo-world")
    for field in dataclasses.fields(Recipe):
        assert getattr(ours, field.name) == getattr(baseline, field.name)
    assert Adapter.text_encoder(ours) == BaselineAdapter.text_encoder(baseline)
    assert Adapter.starting_fit(ours) == BaselineAdapter.starting_fit(baseline)
    assert Adapter.starting_fit(dataclasses.replace(ours, init="none")) is None


def test_the_encoder_sees_half_the_side_on_two_cores() -> None:
    assert PROFILES["quick"]["sam_side_px"] == PROFILES["quick"]["image_side_px"] // 2
    assert make_config(Config, PROFILES["paper"], "rtvp").sam_side_px is None


def test_the_prompts_own_errors_become_the_projects() -> None:
    with pytest.raises(ConfigError, match="rtvp: patch_size 16 with select_at=level"):
        smoke(patch_size=16, select_at="level")
    with pytest.raises(ConfigError, match="image_side_px: got 100"):
        smoke(image_side_px=100)
    with pytest.raises(UnknownNameError, match="patch_size"):
        smoke(patch_sise=32)


def test_settings_come_as_text_too() -> None:
    config = smoke(adapter="false", patch_size="64", sam_side_px="none", scorer="simam")
    assert (config.adapter, config.patch_size, config.sam_side_px, config.scorer) == (False, 64, None, "simam")


def test_auto_weights_become_their_digest(bench_home: Path) -> None:
    asked = smoke(sam_weights="auto")
    assert asked.sam_weights == "auto"
    assert Adapter.settled(asked).sam_weights == "none"
    folder = bench_home / "weights"
    folder.mkdir(parents=True)
    (folder / "mobile_sam.pt").write_bytes(b"one")
    named = Adapter.settled(asked).sam_weights
    assert named.startswith("mobile-sam@")
    assert Adapter.settled(smoke(sam_weights=named)).sam_weights == named
    assert _sam_weights.find(named) == folder / "mobile_sam.pt"
    assert smoke(sam_weights="none").sam_weights == "none"
    (folder / "mobile_sam.pt").write_bytes(b"another")
    with pytest.raises(MissingWeightsError, match="and the fit needs mobile-sam@"):
        _sam_weights.find(named)
    (folder / "mobile_sam.pt").unlink()
    with pytest.raises(MissingWeightsError, match="is not in"):
        _sam_weights.find(named)


def test_a_path_to_weights_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"sam_weights is '/some/mobile_sam\.pt'"):
        smoke(sam_weights="/some/mobile_sam.pt")


def fitted(
    config: Config,
    samples: list[Sample],
    folder: Path,
    report: Report | None = None,
    start: Path | None = None,
) -> FitResult:
    """A finished fit and the facts it leaves."""
    adapter = Adapter(config, device="cpu")
    return adapter.fit(samples, [], NAMES, 0, folder, start, report)


@pytest.mark.models
def test_released_weights_are_loaded_and_frozen(bench_home: Path, samples: list[Sample], tmp_path: Path) -> None:
    import torch

    from rtvp.sam_encoder import SAMEncoder

    torch.manual_seed(5)
    released = {f"image_encoder.{k}": v for k, v in SAMEncoder().state_dict().items()}
    folder = bench_home / "weights"
    folder.mkdir(parents=True)
    torch.save(released, folder / "mobile_sam.pt")
    config = Adapter.settled(smoke(sam_weights="auto"))
    result = fitted(config, samples, tmp_path / "fit")
    assert result.facts["sam"] == "pretrained, frozen"
    assert result.facts["sam_weights"] == config.sam_weights
    state = torch.load(result.checkpoint, weights_only=True)["state"]
    assert torch.equal(state["prompter.sam.neck.0.weight"], released["image_encoder.neck.0.weight"])
    (folder / "mobile_sam.pt").unlink()  # a finished fit needs no file beside its checkpoint
    adapter = Adapter(config, device="cpu")
    adapter.load(result.checkpoint)
    assert adapter.size().parameters - adapter.size().parameters_trained > 5e6


@pytest.mark.models
def test_fit_load_predict_explain(bench_home: Path, samples: list[Sample], tmp_path: Path) -> None:
    config = smoke(epochs=2, patch_size=16)
    events: list[Mapping[str, Any]] = []
    result = fitted(config, samples, tmp_path / "fit", events.append)
    assert result.facts["sam"] == "random, trained here"
    assert result.facts["selection"] == "image"
    assert result.facts["domain_stop_epoch"] is None
    assert set(result.facts["losses"]) == {"box_loss", "cls_loss", "dfl_loss", "da_loss", "aux_loss"}
    assert {"loss/da", "loss/aux", "domain_loss"} <= events[-1].keys()
    adapter = Adapter(config, device="cpu")
    with pytest.raises(ConfigError, match="set_vocabulary comes before explain"):
        adapter.explain([])
    adapter.load(result.checkpoint)
    image = np.asarray(Image.open(samples[0].path))
    scores = []
    for words in (NAMES, Vocabulary.from_names(("oil stain", "bent pin"))):
        adapter.set_vocabulary(words)
        (found,) = adapter.predict([image], Limits(0.0, 0.7, 20))
        assert len(found) == 20
        scores.append(found.scores)
    assert not np.array_equal(scores[0], scores[1])
    shown = adapter.explain([image, image])[1]
    assert set(shown.maps) == {"score", "selected", "visual", "features"}
    for name in shown.maps:
        assert [level.shape for level in shown.maps[name]] == [(8, 8), (4, 4), (2, 2)]
    assert set(np.unique(shown.maps["selected"][0])) <= {0.0, 1.0}
    assert shown.features[2].shape == (256, 2, 2)


class _Stop:
    """Interrupts a training after the state of an epoch is written."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def __call__(self, event: Mapping[str, Any]) -> None:
        if event["epoch"] == self.epoch and "domain_loss" in event:
            raise KeyboardInterrupt


@pytest.mark.models
def test_a_resumed_fit_equals_an_undisturbed_one_with_the_stop_rule_between(
    bench_home: Path, samples: list[Sample], tmp_path: Path
) -> None:
    import torch

    from benchmark.core.errors import InterruptedFitError

    config = smoke(epochs=3, da_stop_epochs=1, da_stop_decrease=0.99)  # stops after the second epoch
    whole = fitted(config, samples, tmp_path / "whole")
    with pytest.raises(InterruptedFitError):
        fitted(config, samples, tmp_path / "parts", _Stop(2))
    parts = fitted(config, samples, tmp_path / "parts")
    assert whole.facts["domain_stop_epoch"] == parts.facts["domain_stop_epoch"] == 1
    assert whole.facts["losses"] == parts.facts["losses"]
    states = [torch.load(r.checkpoint, weights_only=True)["state"] for r in (whole, parts)]
    assert states[0].keys() == states[1].keys()
    assert all(torch.equal(v, states[1][k]) for k, v in states[0].items())


@pytest.mark.models
def test_both_experts_start_from_the_starting_fit(bench_home: Path, samples: list[Sample], tmp_path: Path) -> None:
    import torch

    from methods.yolov8.adapter import Adapter as ExpertAdapter
    from methods.yolov8.adapter import Config as ExpertConfig

    config = smoke(init="expert", expert="separate", lr0=1e-9, warmup_epochs=0.0)
    wanted = Adapter.starting_fit(config)
    assert wanted is not None
    expert_config = make_config(ExpertConfig, dict(wanted.params), wanted.method)
    expert = ExpertAdapter(expert_config, device="cpu").fit(samples, [], NAMES, wanted.seed, tmp_path / "expert")
    result = fitted(config, samples, tmp_path / "fit", start=expert.checkpoint)
    assert result.facts["expert"] == "separate"
    assert result.facts["expert_tensors"] > 100
    given = torch.load(expert.checkpoint, weights_only=True)["state"]
    got = torch.load(result.checkpoint, weights_only=True)["state"]
    for name in ("model.4.cv1.conv.weight", "model.9.cv2.conv.weight"):
        assert torch.allclose(got[name], given[name], atol=1e-6)
        assert torch.allclose(got[f"expert.{name}"], given[name], atol=1e-6)
    assert torch.allclose(got["expert.model.22.cv2.0.2.weight"], given["model.22.cv2.0.2.weight"], atol=1e-6)
