"""YOLO-World as the library builds it, on any of our text encoders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from methods._ultralytics.open_vocabulary import CLIP, WorldAdapter, WorldRecipe
from methods._ultralytics.recipe import PROFILES as RECIPES
from methods.yolo_world import INFO

PROFILES = {name: {**recipe, "text_encoder": "minilm"} for name, recipe in RECIPES.items()}
PROFILES["paper"] = {**RECIPES["paper"], "text_encoder": CLIP}


@dataclass(frozen=True)
class Config(WorldRecipe):
    """The engine's YOLO-World settings, unchanged."""


@final
class Adapter(WorldAdapter[Config]):
    """Layers, loss and post-processing are the library's; texts are ours."""

    info = INFO
