"""How detectors of this engine are fine-tuned, and the named profiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Interval

from benchmark.core.detector import DetectorConfig
from benchmark.core.errors import ConfigError
from benchmark.core.settings import Count, Decay, LearningRate, PositiveCount, PositiveShare, Share, SidePx


@dataclass(frozen=True)
class Recipe(DetectorConfig):
    """One field a decision; sides in pixels, rates per step. Raises ConfigError for sides that contradict.

    Rates, decay, clipping and sizes are those of the library's settings for fine-tuning on COCO.
    """

    variant: Literal["t", "test", "test-deep"] = "t"
    """t: the published size; test, test-deep: a few layers with late or early fusion, for tests only"""
    init: Literal["released", "none"] = "released"
    """released: fine-tune the released weights; none: from scratch"""
    image_side_px: SidePx = 1333
    """longer side of an image at most"""
    shorter_side_px: SidePx = 800
    """shorter side of an image, unless the longer one would pass its limit"""
    smallest_share: PositiveShare = 0.6
    """training draws the shorter side from five steps between this share and the whole"""
    epochs: PositiveCount = 12
    batch: PositiveCount = 4
    train_images: PositiveCount | None = None
    """at most this many training images, drawn by whole groups with the seed; none: all"""
    lr0: LearningRate = 1e-5
    lr_pretrained_share: Share = 1.0
    """learning rate of image and text backbone as a share of lr0"""
    weight_decay: Share = 0.05
    warmup_steps: Count = 100
    clip_norm: Annotated[float, Interval(gt=0, le=1_000_000)] = 1.0
    fliplr: Share = 0.5
    ema_decay: Decay = 0.999
    max_tokens: Annotated[int, Interval(ge=8, le=256)] = 256
    """of one prompt; a longer vocabulary is asked for in several"""
    max_names: PositiveCount | None = None
    """in one prompt; none: as many as fit"""

    def __post_init__(self) -> None:
        if self.shorter_side_px > self.image_side_px:
            raise ConfigError(f"shorter_side_px is {self.shorter_side_px}, above image_side_px {self.image_side_px}")


_QUICK = {"image_side_px": 256, "shorter_side_px": 192, "epochs": 10, "train_images": 1000}

PROFILES: Mapping[str, Mapping[str, Any]] = {
    "smoke": {
        "variant": "test",
        "init": "none",
        "image_side_px": 96,
        "shorter_side_px": 64,
        "epochs": 1,
        "train_images": 16,
        "lr0": 1e-4,
        "warmup_steps": 0,
    },
    "quick": _QUICK,
    "demo": {**_QUICK, "train_images": None},
    "paper": {},
}
