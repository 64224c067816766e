"""The steel stand-in on the shared engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from methods._ultralytics.adapter import UltralyticsAdapter
from methods._ultralytics.recipe import PROFILES as RECIPES
from methods._ultralytics.recipe import Recipe
from methods.steel_det import INFO

PROFILES = {name: {**recipe, "variant": "r18"} for name, recipe in RECIPES.items()}


@dataclass(frozen=True)
class Config(Recipe):
    """The shared recipe; `box`, `cls` and `dfl` are for YOLO's loss. There is one size."""

    variant: Literal["r18"] = "r18"  # type: ignore[assignment]  # there is one size


class Adapter(UltralyticsAdapter):
    """Layers and loss are ours; the engine trains them. Local maxima take the place of `nms_iou`."""

    info = INFO

    def build_model(self, class_count: int) -> Any:
        """ResNet-18 with random weights, as everything here starts."""
        from methods._ultralytics.layers import LayerModel
        from methods.steel_det.network import layers

        return LayerModel(layers(class_count), class_count)
