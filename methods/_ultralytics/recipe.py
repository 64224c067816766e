"""The training recipe that all detectors of this engine share, and its named profiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Interval

from benchmark.core.detector import DetectorConfig
from benchmark.core.settings import Count, Decay, LearningRate, PositiveCount, Share, SidePx32, Weight


@dataclass(frozen=True)
class Recipe(DetectorConfig):
    """Settings of a training; sides in pixels, learning rates per step."""

    variant: Literal["n", "s", "m", "l"] = "s"
    """size of the detector: width and depth of YOLOv8's table"""
    image_side_px: SidePx32 = 640
    """the longer side of an image is resized to this; the shorter one is padded"""
    epochs: PositiveCount = 200
    batch: PositiveCount = 32
    optimizer: Literal["AdamW", "SGD"] = "AdamW"
    lr0: LearningRate = 2e-3
    lrf: Share = 0.01
    """final learning rate as a share of lr0; the schedule is linear"""
    momentum: Decay = 0.9
    weight_decay: Share = 0.025
    warmup_epochs: Annotated[float, Interval(ge=0, le=1_000_000)] = 3.0
    close_mosaic: Count = 2
    """number of final epochs without mosaic"""
    mosaic: Share = 1.0
    scale: Share = 0.5
    translate: Share = 0.1
    hsv_h: Share = 0.015
    hsv_s: Share = 0.7
    hsv_v: Share = 0.4
    fliplr: Share = 0.5
    flipud: Share = 0.0
    box: Weight = 7.5
    cls: Weight = 0.5
    dfl: Weight = 1.5
    ema: bool = True
    amp: bool = True
    """bfloat16 where there is a GPU; a CPU always trains in float32"""


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
"""the same for every method of the engine; at most 45 minutes per fit on two cores, RTVP being the slowest"""

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
