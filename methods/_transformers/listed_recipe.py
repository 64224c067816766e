"""How detectors that read every name by itself are fine-tuned, and the named profiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Interval

from benchmark.core.detector import DetectorConfig
from benchmark.core.settings import Count, Decay, LearningRate, PositiveCount, Share, SidePx32


@dataclass(frozen=True)
class ListedRecipe(DetectorConfig):
    """One field a decision; sides in pixels, rates per step.

    image_side_px is part of the released models: position embeddings are of that side.
    """

    variant: Literal["b", "t", "test"] = "b"
    """the published size; test: a few layers, for tests only"""
    init: Literal["released", "none"] = "released"
    """released: fine-tune the released weights; none: from scratch"""
    image_side_px: SidePx32 = 960
    epochs: PositiveCount = 12
    batch: PositiveCount = 4
    train_images: PositiveCount | None = None
    """at most this many training images, drawn by whole groups with the seed; none: all"""
    lr0: LearningRate = 1e-4
    lr_pretrained_share: Share = 0.1
    """learning rate of the image backbone as a share of lr0; the text tower is not trained"""
    weight_decay: Share = 1e-4
    warmup_steps: Count = 100
    clip_norm: Annotated[float, Interval(gt=0, le=1_000_000)] = 0.1
    fliplr: Share = 0.5
    ema_decay: Decay = 0.999


PROFILES: Mapping[str, Mapping[str, Any]] = {
    "smoke": {
        "variant": "test",
        "init": "none",
        "image_side_px": 96,
        "epochs": 1,
        "train_images": 16,
        "warmup_steps": 0,
    },
    "quick": {"epochs": 2, "train_images": 1000},
    "demo": {"epochs": 10},
    "paper": {},
}
