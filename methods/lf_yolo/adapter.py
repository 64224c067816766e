"""LF-YOLO on the shared engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, final

from methods._ultralytics.adapter import UltralyticsAdapter
from methods._ultralytics.anchors import AnchorRecipe, anchor_model
from methods._ultralytics.recipe import PROFILES as RECIPES
from methods.lf_yolo import INFO

PROFILES = {name: {**recipe, "variant": "base"} for name, recipe in RECIPES.items()}


@dataclass(frozen=True)
class Config(AnchorRecipe):
    """The shared recipe with the loss weights of the published head; there is one size."""

    variant: Literal["base"] = "base"  # type: ignore[assignment]  # there is one size


@final
class Adapter(UltralyticsAdapter[Config]):
    """Layers are ours; the engine trains them."""

    info = INFO

    def build_model(self, class_count: int) -> Any:
        """LF-YOLO with the head that the config names."""
        from methods.lf_yolo.network import LEVEL_CHANNELS, layers

        return anchor_model(layers, LEVEL_CHANNELS, class_count, self.config)
