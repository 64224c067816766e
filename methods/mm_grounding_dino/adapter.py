"""MM-Grounding-DINO as transformers builds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from methods._transformers.adapter import GroundedAdapter
from methods._transformers.recipe import PROFILES, Recipe
from methods.mm_grounding_dino import INFO

__all__ = ["PROFILES", "Adapter", "Config"]


@dataclass(frozen=True)
class Config(Recipe):
    """The engine's recipe, unchanged."""


@final
class Adapter(GroundedAdapter[Config]):
    """Layers, loss and image rules are the library's; captions and classes are ours."""

    info = INFO
    model_class = "MMGroundingDinoForObjectDetection"
    config_class = "MMGroundingDinoConfig"
