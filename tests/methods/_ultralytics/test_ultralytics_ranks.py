"""Several processes train one fit: as one would, stopped and continued as one, and what ends one of them ends all."""

from __future__ import annotations

import dataclasses
import multiprocessing
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmark.core.errors import ConfigError, DataError, InterruptedFitError
from benchmark.core.plugins import load_adapter
from benchmark.core.sample import Sample
from tests.methods._ultralytics.small_engine import NAMES, config_of

pytestmark = pytest.mark.models
TWO = "cpu:0,1"
PLAIN = {"mosaic": 0.0, "scale": 0.0, "translate": 0.0, "hsv_h": 0.0, "hsv_s": 0.0, "hsv_v": 0.0, "fliplr": 0.0,
         "flipud": 0.0, "warmup_epochs": 0.0, "optimizer": "SGD", "lr0": 0.01}  # fmt: skip


def fit(name: str, device: str, samples: list[Sample], folder: Path, stop: int = 0, **settings: Any) -> Any:
    """A fit; with `stop` told to end after that epoch."""

    def told(event: Any) -> None:
        if event["epoch"] == stop:
            raise KeyboardInterrupt

    adapter = load_adapter(name).Adapter(config_of(name, **settings), device=device)
    return adapter.fit(samples, [], NAMES, 0, folder, report=told)


def test_two_processes_take_the_steps_of_one(samples: list[Sample], tmp_path: Path) -> None:
    """On copies of one image, where a share of a batch has the statistics of all of it.

    The first epochs are one process's: a detector that knows nothing yet has so few positives that the library does
    not normalise by their number.
    """
    import torch

    same = [dataclasses.replace(samples[0], image_id=i) for i in range(16)]
    settings: dict[str, Any] = {**PLAIN, "epochs": 17, "batch": 8}
    with pytest.raises(InterruptedFitError):
        fit("yolov8", "cpu", same, tmp_path / "begun", stop=15, **settings)
    states = []
    for device in ("cpu", TWO):
        folder = shutil.copytree(tmp_path / "begun", tmp_path / device)
        result = fit("yolov8", device, same, folder, **settings)
        assert result.facts.get("processes", 1) == (2 if device == TWO else 1)
        states.append(torch.load(result.checkpoint, weights_only=True)["state"])
    one, two = states
    begun = torch.load(tmp_path / "begun" / "state.pt", weights_only=True)["ema"]
    # A running variance is that of n values, times n / (n - 1): of half as many it is another number.
    for name in (name for name in one if not name.endswith("running_var")):
        moved = (one[name] - begun[name]).abs().max()
        assert (one[name] - two[name]).abs().max() <= 0.02 * moved + 1e-6, name


def test_stopped_together_and_continued_equals_undisturbed(samples: list[Sample], tmp_path: Path) -> None:
    import torch

    settings = {"epochs": 3, "batch": 8}
    whole = fit("yolov8", TWO, samples, tmp_path / "whole", **settings)
    with pytest.raises(InterruptedFitError, match="the last finished epoch is kept"):
        fit("yolov8", TWO, samples, tmp_path / "parts", stop=2, **settings)
    assert multiprocessing.active_children() == []
    parts = fit("yolov8", TWO, samples, tmp_path / "parts", **settings)
    one, two = (torch.load(fit.checkpoint, weights_only=True)["state"] for fit in (whole, parts))
    assert [name for name in one if not torch.equal(one[name], two[name])] == []


def test_what_a_model_ends_on_the_way_ends_in_every_process(samples: list[Sample], tmp_path: Path) -> None:
    """RTVP's adapter: a process that went on alone would wait for the gradients of the others without end."""
    settings: dict[str, Any] = {"epochs": 3, "batch": 8, "da_stop_epochs": 1, "da_stop_decrease": 0.9}
    facts = fit("rtvp", TWO, samples, tmp_path, **settings).facts
    assert (facts["domain_stop_epoch"], facts["processes"]) == (1, 2)


def test_what_one_process_cannot_do_is_said_as_by_one_alone(samples: list[Sample], tmp_path: Path) -> None:
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "small.png")
    other = dataclasses.replace(samples[3], path=tmp_path / "small.png")
    with pytest.raises(DataError, match=r"small\.png: is 8x8 px, the annotations say 64x64"):
        fit("yolov8", TWO, [*samples[:3], other], tmp_path / "fit", batch=4)
    assert multiprocessing.active_children() == []
    with pytest.raises(ConfigError, match="a batch of 8 cannot be divided by 3 devices; choose a number of devices"):
        fit("yolov8", "cpu:0,1,2", samples, tmp_path / "fit", batch=8)
