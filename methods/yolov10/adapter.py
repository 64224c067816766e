"""YOLOv10 as the library builds it, with the NMS-free head that the method is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

from methods._ultralytics.adapter import UltralyticsAdapter
from methods._ultralytics.recipe import PROFILES, Recipe
from methods.yolov10 import INFO

__all__ = ["PROFILES", "Adapter", "Config"]


@dataclass(frozen=True)
class Config(Recipe):
    """The shared recipe, unchanged."""


@final
class Adapter(UltralyticsAdapter[Config]):
    """Layers and loss are the library's. The one-to-one head predicts without NMS, so `nms_iou` has no effect."""

    info = INFO

    def build_model(self, class_count: int) -> Any:
        """A model with both heads, which predicts with the one-to-one head, unlike the library's default."""
        from ultralytics.nn.tasks import DetectionModel

        model: Any = DetectionModel(f"yolov10{self.config.variant}.yaml", ch=3, nc=class_count, verbose=False)
        model.model[-1].end2end = True
        return model

    def deployed(self, model: Any) -> Any:
        """The model without the one-to-many head, which only training needs."""
        model.model[-1].fuse()
        return model
