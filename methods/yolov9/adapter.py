"""YOLOv9 as the library builds it, without the auxiliary branch that its authors use in training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, final

from methods._ultralytics.adapter import UltralyticsAdapter
from methods._ultralytics.recipe import PROFILES as RECIPES
from methods._ultralytics.recipe import Recipe
from methods.yolov9 import INFO

PROFILES = {name: recipe if name == "paper" else {**recipe, "variant": "t"} for name, recipe in RECIPES.items()}


@dataclass(frozen=True)
class Config(Recipe):
    """The shared recipe; the smallest size is called `t`."""

    variant: Literal["t", "s", "m", "c"] = "s"  # type: ignore[assignment]  # this family's own names of sizes


@final
class Adapter(UltralyticsAdapter[Config]):
    """Layers, loss and post-processing are the library's."""

    info = INFO

    def build_model(self, class_count: int) -> Any:
        """YOLOv9 of the chosen size."""
        from ultralytics.nn.tasks import DetectionModel

        return DetectionModel(f"yolov9{self.config.variant}.yaml", ch=3, nc=class_count, verbose=False)
