"""Settings and profiles of the shared trainer, which the engines have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Interval

from benchmark.core.detector import DetectorConfig
from benchmark.core.errors import ConfigError
from benchmark.core.settings import Count, Decay, LearningRate, PositiveCount, Share, SidePx


@dataclass(frozen=True)
class FineTuneRecipe(DetectorConfig):
    """Settings of a fine-tuning; sides in pixels, learning rates per step."""

    init: Literal["released", "none"] = "released"
    """released: a fit starts from released weights, the detector's or its backbone's; none: from scratch"""
    epochs: PositiveCount = 12
    batch: PositiveCount = 4
    lr0: LearningRate = 1e-4
    lr_pretrained_share: Share = 0.1
    """learning rate of the parts that are pretrained on other tasks (image and text backbone), as a share of lr0"""
    weight_decay: Share = 1e-4
    warmup_steps: Count = 100
    clip_norm: Annotated[float, Interval(gt=0, le=1_000_000)] = 0.1
    fliplr: Share = 0.5
    ema_decay: Decay = 0.999


@dataclass(frozen=True)
class TwoSidesRecipe(FineTuneRecipe):
    """For detectors whose images keep their aspect. Raises ConfigError where the shorter side exceeds the longer."""

    image_side_px: SidePx = 1333
    """limit of an image's longer side"""
    shorter_side_px: SidePx = 800
    """shorter side of an image, unless the longer one would exceed its limit"""

    def __post_init__(self) -> None:
        if self.shorter_side_px > self.image_side_px:
            raise ConfigError(f"shorter_side_px is {self.shorter_side_px}, above image_side_px {self.image_side_px}")


@dataclass(frozen=True)
class PromptRecipe(TwoSidesRecipe):
    """For detectors that read class names in sentences."""

    max_tokens: Annotated[int, Interval(ge=8, le=256)] = 256
    """limit of one sentence; a longer vocabulary is split into several"""
    max_names: PositiveCount | None = None
    """limit of names per sentence; none: as many as fit"""


SMOKE: Mapping[str, Any] = {
    "variant": "test",
    "init": "none",
    "image_side_px": 96,
    "epochs": 1,
    "train_images": 16,
    "warmup_steps": 0,
}
_QUICK = {"image_side_px": 256, "shorter_side_px": 192, "epochs": 10, "train_images": 1000}

TWO_SIDES_PROFILES: Mapping[str, Mapping[str, Any]] = {
    "smoke": {**SMOKE, "shorter_side_px": 64},
    "quick": _QUICK,
    "demo": {**_QUICK, "train_images": None},
    "paper": {},
}
