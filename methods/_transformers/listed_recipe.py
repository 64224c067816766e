"""How detectors that read every name by itself are fine-tuned, and the named profiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from benchmark.core.detector import DetectorConfig
from benchmark.core.errors import ConfigError


@dataclass(frozen=True)
class ListedRecipe(DetectorConfig):
    """One field a decision; sides in pixels, rates a step. Raises ConfigError for a value that cannot be.

    image_side_px is part of the released models: position embeddings are of that side.
    """

    variant: Literal["b", "t", "test"] = "b"
    """the published size; test: a few layers, for tests only"""
    init: Literal["released", "none"] = "released"
    """released: fine-tune the released weights; none: from scratch"""
    image_side_px: int = 960
    epochs: int = 12
    batch: int = 4
    train_images: int | None = None
    """at most this many training images, drawn by whole groups with the seed; none: all"""
    lr0: float = 1e-4
    lr_pretrained_share: float = 0.1
    """learning rate of the image backbone as a share of lr0; the text tower is not trained"""
    weight_decay: float = 1e-4
    warmup_steps: int = 100
    clip_norm: float = 0.1
    fliplr: float = 0.5
    ema_decay: float = 0.999

    def __post_init__(self) -> None:
        for name in ("epochs", "batch"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name)}: at least 1 is needed")
        if self.image_side_px % 32:
            raise ConfigError(f"image_side_px is {self.image_side_px}: a multiple of 32 is needed")
        if self.train_images is not None and self.train_images < 1:
            raise ConfigError(f"train_images is {self.train_images}: at least 1, or none for all")


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
