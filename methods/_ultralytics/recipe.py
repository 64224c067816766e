"""The training recipe that all detectors of this engine share, and its named profiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from benchmark.core.detector import DetectorConfig
from benchmark.core.errors import ConfigError


@dataclass(frozen=True)
class Recipe(DetectorConfig):
    """One field a decision; sides in pixels, rates a step. Raises ConfigError for a value that cannot be."""

    variant: Literal["n", "s", "m", "l"] = "s"
    """size of the detector: width and depth of YOLOv8's table"""
    image_side_px: int = 640
    """longer side an image is resized to; the rest is padded"""
    epochs: int = 200
    batch: int = 32
    train_images: int | None = None
    """at most this many training images, drawn by whole groups with the seed; none: all"""
    optimizer: Literal["AdamW", "SGD"] = "AdamW"
    lr0: float = 2e-3
    lrf: float = 0.01
    """last learning rate as a share of the first; linear between"""
    momentum: float = 0.9
    weight_decay: float = 0.025
    warmup_epochs: float = 3.0
    close_mosaic: int = 2
    """last epochs without mosaic"""
    mosaic: float = 1.0
    scale: float = 0.5
    translate: float = 0.1
    hsv_h: float = 0.015
    hsv_s: float = 0.7
    hsv_v: float = 0.4
    fliplr: float = 0.5
    flipud: float = 0.0
    box: float = 7.5
    cls: float = 0.5
    dfl: float = 1.5
    ema: bool = True
    amp: bool = True
    """bfloat16 where there is a GPU; a CPU always trains in float32"""

    def __post_init__(self) -> None:
        if self.image_side_px < 32 or self.image_side_px % 32:
            raise ConfigError(f"image_side_px is {self.image_side_px}: a multiple of 32 from 32 on is needed")
        for name in ("epochs", "batch"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name)}: at least 1 is needed")
        if self.train_images is not None and self.train_images < 1:
            raise ConfigError(f"train_images is {self.train_images}: at least 1, or none for all")


QUICK: Mapping[str, Any] = {
    "variant": "n",
    "image_side_px": 256,
    "epochs": 10,
    "batch": 8,
    "train_images": 1000,
    "lr0": 1e-3,
    "lrf": 0.05,
    "weight_decay": 0.01,
    "warmup_epochs": 1.0,
    "close_mosaic": 3,
}
"""at most 45 minutes a fit on two cores, RTVP the slowest; the same for every method of the engine"""

PROFILES: Mapping[str, Mapping[str, Any]] = {
    "smoke": {
        **QUICK,
        "image_side_px": 64,
        "epochs": 1,
        "train_images": 16,
        "close_mosaic": 0,
    },
    "quick": QUICK,
    "demo": {**QUICK, "image_side_px": 192, "epochs": 12, "train_images": None},
    "paper": {},
}
