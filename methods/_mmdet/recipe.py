"""The fine-tuning settings of detectors of this engine, and the named profiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from annotated_types import Interval

from benchmark.core.settings import LearningRate, PositiveShare, Share
from methods._torch.recipe import TWO_SIDES_PROFILES, PromptRecipe


@dataclass(frozen=True)
class Recipe(PromptRecipe):
    """Rates, decay, clipping and sizes are those of the library's settings for fine-tuning on COCO."""

    smallest_share: PositiveShare = 0.6
    """training draws the shorter side from five steps between this share and the whole"""
    lr0: LearningRate = 1e-5
    lr_pretrained_share: Share = 1.0
    weight_decay: Share = 0.05
    clip_norm: Annotated[float, Interval(gt=0, le=1_000_000)] = 1.0


PROFILES: Mapping[str, Mapping[str, Any]] = {
    **TWO_SIDES_PROFILES,
    "smoke": {**TWO_SIDES_PROFILES["smoke"], "lr0": 1e-4},
}
