"""LiteYOLO-ID on the shared engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, final

from methods._ultralytics.adapter import UltralyticsAdapter
from methods._ultralytics.anchors import AnchorRecipe, anchor_model
from methods._ultralytics.recipe import PROFILES as RECIPES
from methods.lite_yolo_id import INFO

PROFILES = {name: {**recipe, "variant": "s"} for name, recipe in RECIPES.items()}


@dataclass(frozen=True)
class Config(AnchorRecipe):
    """The shared recipe with the loss weights of the published head; there is one size."""

    variant: Literal["s"] = "s"


@final
class Adapter(UltralyticsAdapter[Config]):
    """Layers are ours; the engine trains them."""

    info = INFO

    def build_model(self, class_count: int) -> Any:
        """LiteYOLO-ID with the head that the config names."""
        from methods.lite_yolo_id.network import LEVEL_CHANNELS, layers

        return anchor_model(layers, LEVEL_CHANNELS, class_count, self.config)
