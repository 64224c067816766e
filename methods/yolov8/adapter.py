"""YOLOv8 as the library builds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from methods._ultralytics.adapter import UltralyticsAdapter
from methods._ultralytics.recipe import PROFILES, Recipe
from methods.yolov8 import INFO

__all__ = ["PROFILES", "Adapter", "Config"]


@dataclass(frozen=True)
class Config(Recipe):
    """The shared recipe, unchanged."""


@final
class Adapter(UltralyticsAdapter[Config]):
    """Layers, loss and post-processing are the library's."""

    info = INFO
