"""Facts about a training: loss, EMA, weight decay, frozen tensors, what ends it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmark.core.boxes import iou
from benchmark.core.detector import Limits
from benchmark.core.errors import BenchError, ConfigError, DataError
from benchmark.core.sample import Sample
from tests.methods._ultralytics.small_engine import NAMES, adapter_of, make_samples

pytestmark = pytest.mark.models


def training_of(name: str, samples: list[Sample], run_dir: Path, **settings: Any) -> Any:
    """The trainer that `fit` would make, not started."""
    from methods._ultralytics.library import prepare

    prepare()
    from methods._torch.adapter import TrainingJob
    from methods._torch.state import seed_everything
    from methods._ultralytics.trainer import SampleTrainer, Training

    adapter = adapter_of(name, **settings)
    seed_everything(0, -1)
    job = TrainingJob(samples, NAMES, 0, run_dir)
    return SampleTrainer(Training(adapter.build_model(3), adapter.config, job, adapter.texts_to_show(NAMES), "cpu"))


@pytest.mark.parametrize("name", ["yolov8", "yolo-world"])
def test_training_finds_the_squares(name: str, samples: list[Sample], tmp_path: Path) -> None:
    # Not that the loss falls: a detector that answers nothing has little loss, since no box is assigned to it yet.
    still = {"mosaic": 0.0, "scale": 0.0, "translate": 0.0, "warmup_epochs": 0.0}
    adapter = adapter_of(name, epochs=20, batch=4, lr0=5e-3, **still)
    events: list[Any] = []
    fit = adapter.fit(samples, [], NAMES, 0, tmp_path, report=events.append)
    assert len(events) == 20
    untrained = adapter_of(name)
    untrained.build_random(0)
    assert overlap_of_the_best(untrained, samples) < 0.2  # a box around the whole image overlaps by 0.14
    adapter.load(fit.checkpoint)
    assert overlap_of_the_best(adapter, samples) > 0.3  # 0.5 to 0.9 over eight seeds


def overlap_of_the_best(adapter: Any, samples: list[Sample]) -> float:
    """Mean IoU of an image's only object with the box of the highest score; no box counts as 0."""
    adapter.set_vocabulary(NAMES)
    overlaps = []
    for sample in samples:
        (found,) = adapter.predict([np.asarray(Image.open(sample.path).convert("RGB"))], Limits(0.001, 0.7, 1))
        overlaps.append(iou(found.xyxy, sample.annotations.xyxy).sum())
    return float(np.mean(overlaps))


def test_without_ema_the_live_weights_are_kept(samples: list[Sample], tmp_path: Path) -> None:
    import torch

    def fitted(ema: bool, keep: Path) -> Any:
        state: dict[str, Any] = {}

        def look(event: Any) -> None:
            state.update(torch.load(keep / "state.pt", weights_only=True))

        result = adapter_of("yolov8", ema=ema).fit(samples, [], NAMES, 0, keep, report=look)
        return torch.load(result.checkpoint, weights_only=True)["state"], state

    for ema, kept, other in ((False, "model", "ema"), (True, "ema", "model")):
        final, state = fitted(ema, tmp_path / kept)
        weight = "model.0.conv.weight"
        assert torch.equal(final[weight], state[kept][weight])
        assert not torch.equal(final[weight], state[other][weight])


def test_gates_get_no_weight_decay(samples: list[Sample], tmp_path: Path) -> None:
    trainer = training_of("rtvp", samples, tmp_path)
    trainer._setup_train()
    gates = {id(p): n for n, p in trainer.model.named_parameters() if n.endswith("gamma")}
    assert gates
    decayed = {id(p) for group in trainer.optimizer.param_groups if group["weight_decay"] for p in group["params"]}
    held = [id(p) for group in trainer.optimizer.param_groups for p in group["params"]]
    assert not decayed & gates.keys()
    assert gates.keys() <= set(held)
    assert len(held) == len(set(held)) == sum(1 for _ in trainer.model.parameters())


def test_frozen_parameters_stay_frozen(samples: list[Sample], tmp_path: Path) -> None:
    trainer = training_of("yolov8", samples, tmp_path)
    assert trainer._frozen == ["model.22.dfl.conv.weight"]
    trainer._setup_train()
    assert [n for n, p in trainer.model.named_parameters() if not p.requires_grad] == trainer._frozen


def test_a_loss_that_is_not_finite_ends_the_fit(samples: list[Sample], tmp_path: Path) -> None:
    trainer = training_of("yolov8", samples, tmp_path)
    trainer.model.model[0].conv.weight.data.fill_(float("nan"))
    with pytest.raises(BenchError, match="the loss is not finite in epoch 1; lower lr0"):
        trainer.train()
    assert not (tmp_path / "state.pt").exists()


def test_a_lack_of_device_memory_ends_the_fit_instead_of_halving_the_batch(
    samples: list[Sample], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    trainer = training_of("yolov8", samples, tmp_path)

    def lacks(batch: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    monkeypatch.setattr(trainer.model, "loss", lacks)
    with pytest.raises(BenchError, match=r"batch 8 at 64 px does not fit into .* choose a smaller batch"):
        trainer.train()
    assert trainer.batch_size == 4  # the library had begun to train another recipe


def test_a_fit_with_empty_prompts_loads_again(samples: list[Sample], tmp_path: Path) -> None:
    settings = {"pad_prompts": 80}
    checkpoint = adapter_of("yolo-world", **settings).fit(samples, [], NAMES, 0, tmp_path).checkpoint
    adapter = adapter_of("yolo-world", **settings)
    adapter.load(checkpoint)
    adapter.set_vocabulary(NAMES)
    (found,) = adapter.predict([np.zeros((64, 64, 3), np.uint8)], Limits(0.0, 0.7, 300))
    assert len(found) > 0
    assert found.labels.max() < len(NAMES)


@pytest.mark.parametrize("suffix", ["png", "jpg"])
@pytest.mark.parametrize("damage", ["missing", "half", "head", "empty"])
def test_a_damaged_training_image_is_named(damage: str, suffix: str, tmp_path: Path) -> None:
    own = make_samples(tmp_path)
    broken = tmp_path / f"broken.{suffix}"
    Image.open(own[3].path).save(broken)
    own[3] = dataclasses.replace(own[3], path=broken)
    if damage == "missing":
        broken.unlink()
    else:
        whole = broken.read_bytes()
        broken.write_bytes(whole[: {"half": len(whole) // 2, "head": 60, "empty": 0}[damage]])
    with pytest.raises(DataError, match=rf"broken\.{suffix}: missing or not a readable image"):
        adapter_of("yolov8").fit(own, [], NAMES, 0, tmp_path / "fit")


def test_no_training_image_is_a_wrong_setting(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="yolov8: there is no training image; check the split and train_images"):
        adapter_of("yolov8").fit([], [], NAMES, 0, tmp_path)
