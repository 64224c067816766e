"""How detectors of this engine are fine-tuned, and the named profiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from benchmark.core.detector import DetectorConfig
from benchmark.core.errors import ConfigError


@dataclass(frozen=True)
class Recipe(DetectorConfig):
    """One field a decision; sides in pixels, rates a step. Raises ConfigError for a value that cannot be.

    Rates, decay, clipping and sizes are those of the library's settings for fine-tuning on COCO.
    """

    variant: Literal["t", "test", "test-deep"] = "t"
    """t: the published size; test, test-deep: a few layers with late or early fusion, for tests only"""
    init: Literal["released", "none"] = "released"
    """released: fine-tune the released weights; none: from scratch"""
    image_side_px: int = 1333
    """longer side of an image at most"""
    shorter_side_px: int = 800
    """shorter side of an image, unless the longer one would pass its limit"""
    smallest_share: float = 0.6
    """training draws the shorter side from five steps between this share and the whole"""
    epochs: int = 12
    batch: int = 4
    train_images: int | None = None
    """at most this many training images, drawn by whole groups with the seed; none: all"""
    lr0: float = 1e-5
    lr_pretrained_share: float = 1.0
    """learning rate of image and text backbone as a share of lr0"""
    weight_decay: float = 0.05
    warmup_steps: int = 100
    clip_norm: float = 1.0
    fliplr: float = 0.5
    ema_decay: float = 0.999
    max_tokens: int = 256
    """of one prompt; a longer vocabulary is asked for in several"""
    max_names: int | None = None
    """in one prompt; none: as many as fit"""

    def __post_init__(self) -> None:
        for name in ("epochs", "batch"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name)}: at least 1 is needed")
        if not 8 <= self.max_tokens <= 256:
            raise ConfigError(f"max_tokens is {self.max_tokens}: from 8 to 256, what the text encoder reads, is needed")
        if self.max_names is not None and self.max_names < 1:
            raise ConfigError(f"max_names is {self.max_names}: at least 1, or none for as many as fit")
        if self.shorter_side_px > self.image_side_px:
            raise ConfigError(f"shorter_side_px is {self.shorter_side_px}, above image_side_px {self.image_side_px}")
        if not 0 < self.smallest_share <= 1:
            raise ConfigError(f"smallest_share is {self.smallest_share}: above 0 and at most 1 is needed")
        if self.train_images is not None and self.train_images < 1:
            raise ConfigError(f"train_images is {self.train_images}: at least 1, or none for all")


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
