"""The fine-tuning settings of detectors of this engine, and the named profiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from benchmark.core.settings import SidePx32
from methods._torch.recipe import SMOKE, TWO_SIDES_PROFILES, FineTuneRecipe, PromptRecipe

PROFILES = TWO_SIDES_PROFILES


@dataclass(frozen=True)
class Recipe(PromptRecipe):
    """Settings of the Grounding DINO family."""

    variant: Literal["t", "test"] = "t"
    """t: the published size; test: a few layers, for tests only"""


@dataclass(frozen=True)
class ListedRecipe(FineTuneRecipe):
    """Settings of detectors that encode each name alone; the text tower is not trained.

    image_side_px is part of the released models, because their position embeddings are for that side.
    """

    image_side_px: SidePx32 = 960


LISTED_PROFILES: Mapping[str, Mapping[str, Any]] = {
    "smoke": SMOKE,
    "quick": {"epochs": 2, "train_images": 1000},
    "demo": {"epochs": 10},
    "paper": {},
}
