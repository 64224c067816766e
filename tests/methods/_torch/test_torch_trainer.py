"""A device without room for a batch: the same step in parts, recorded; one image that does not fit ends the fit.

A signal to stop is heard, whatever swallows it.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.core.detections import Annotations
from benchmark.core.errors import BenchError, InterruptedFitError
from benchmark.core.sample import Sample
from benchmark.core.vocabulary import Vocabulary
from methods._torch.adapter import TrainingJob
from methods._torch.recipe import FineTuneRecipe

pytestmark = pytest.mark.models


RECIPE = FineTuneRecipe(
    init="none", epochs=3, batch=5, lr0=0.1, weight_decay=0.0, warmup_steps=0, clip_norm=1.0, ema_decay=0.5
)
NAMES = Vocabulary.from_names(("plate",))


def samples() -> list[Sample]:
    none = Annotations.from_boxes(np.zeros((0, 4)), np.zeros(0, np.int64))
    return [Sample(i + 1, Path(f"{i}.png"), 8, 8, none, "plate", str(i), "made here") for i in range(10)]


def trainer_with_room_for(images: int, folder: Path) -> tuple[Any, list[int]]:
    """A linear model learns each image's id; more than `images` at once and the device has no memory."""
    import torch

    from methods._torch.trainer import EpochTrainer

    asked: list[int] = []

    class Small(EpochTrainer):
        def learn(self, batch: Sequence[Sample], rng: np.random.Generator) -> dict[str, float]:
            asked.append(len(batch))
            number = torch.tensor([[float(sample.image_id)] for sample in batch])
            loss = (self.model(number / 10) - 1).square().mean()
            loss.backward()
            if len(batch) > images:  # after it has left gradients, as in a backward pass that breaks off
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
            return {"square": float(loss.detach())}

    torch.manual_seed(0)
    return Small(torch.nn.Linear(1, 1), RECIPE, TrainingJob(samples(), NAMES, 0, folder), "cpu"), asked


def test_a_batch_in_parts_takes_the_same_steps_and_is_recorded(tmp_path: Path) -> None:
    import torch

    from methods._torch.state import read_tensors

    whole, _ = trainer_with_room_for(5, tmp_path / "whole")
    parts, asked = trainer_with_room_for(2, tmp_path / "parts")
    for trainer in (whole, parts):
        trainer.job.run_dir.mkdir()
        trainer.run()
    torch.testing.assert_close(parts.model.state_dict(), whole.model.state_dict())
    assert parts.facts["losses"]["square"] == pytest.approx(whole.facts["losses"]["square"], abs=1e-4)
    assert asked[:8] == [5, 3, 2, 1, 1, 1, 2, 1]  # at once, in two, in four parts; and so from then on
    assert read_tensors(parts.job.run_dir / "state.pt")["facts"]["batch_parts"] == 4
    assert "batch_parts" not in whole.facts


def test_one_image_that_does_not_fit_ends_the_fit(tmp_path: Path) -> None:
    trainer, asked = trainer_with_room_for(0, tmp_path)
    with pytest.raises(BenchError, match="one image does not fit into the device's memory; choose a smaller side"):
        trainer.run()
    assert asked[-1] == 1
    assert not (tmp_path / "state.pt").exists()


def test_a_signal_that_something_swallows_stops_the_fit_all_the_same(tmp_path: Path) -> None:
    from methods._torch.state import interruptible

    trainer, asked = trainer_with_room_for(5, tmp_path)
    learn = trainer.learn

    def swallowing(batch: Sequence[Sample], rng: np.random.Generator) -> Any:
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGUSR2)
        return learn(batch, rng)

    trainer.learn = swallowing
    with (
        pytest.raises(InterruptedFitError, match="stopped by SIGUSR2; no epoch was finished"),
        interruptible(tmp_path / "state.pt"),
    ):
        trainer.run()
    assert asked == [5]
