"""YOLO-World as the library builds it, on any of our text encoders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from benchmark.core.detector import Explanation
from benchmark.core.errors import ConfigError
from benchmark.core.method import StartingFit
from benchmark.core.plugins import load
from benchmark.core.settings import Count
from benchmark.core.weights import ReleasedWeights
from methods._ultralytics.adapter import UltralyticsAdapter
from methods._ultralytics.recipe import PROFILES as RECIPES
from methods._ultralytics.recipe import Recipe
from methods.yolo_world import INFO

CLIP = "clip-vit-b32"
"""what the released weights were trained with"""

PROFILES = {name: {**recipe, "text_encoder": "minilm"} for name, recipe in RECIPES.items()}
PROFILES["paper"] = {**RECIPES["paper"], "text_encoder": CLIP}


@dataclass(frozen=True)
class Config(Recipe):
    """The shared recipe, where the backbone starts, which texts it reads."""

    init: Literal["expert", "none"] = "expert"
    """expert: the backbone of a YOLOv8 of the same size, fitted on the same base images"""
    text_encoder: str = "clip-vit-b32"
    pad_prompts: Count = 0
    """at least this many texts a training image, filled up with the empty string (YOLO-World: 80)"""
    head: Literal["v1", "v2"] = "v1"
    """first version (image pooling, L2 contrast) or second (no pooling, batch norm)"""


def expert_fit(config: Any) -> StartingFit | None:
    """The YOLOv8 of the same recipe and base images; its seed is fixed, so that seeds and ablations share it."""
    if config.init == "none":
        return None
    return StartingFit("yolov8", {field.name: getattr(config, field.name) for field in fields(Recipe)})


class Adapter(UltralyticsAdapter):
    """Layers, loss and post-processing are the library's; texts are ours."""

    info = INFO
    released_settings: ClassVar[Mapping[str, Any]] = {"text_encoder": CLIP}

    @classmethod
    def released_weights(cls, config: Any) -> ReleasedWeights | None:
        """By size and head; they read CLIP's texts and no others."""
        name = f"yolov8{config.variant}-world{'v2' if config.head == 'v2' else ''}.pt"
        return next((w for w in cls.info.weights if w.name == name and config.text_encoder == CLIP), None)

    @classmethod
    def starting_fit(cls, config: Any) -> StartingFit | None:
        """The expert, unless init=none."""
        return expert_fit(config)

    def build_model(self, class_count: int) -> Any:
        """YOLO-World with our text projection."""
        from methods._ultralytics.text_projection import TextProjection
        from methods._ultralytics.world import ProjectedWorldModel

        table = f"yolov8{self.config.variant}-world{'v2' if self.config.head == 'v2' else ''}.yaml"
        projection = TextProjection(load("text encoder", self.config.text_encoder).dimensions)
        return ProjectedWorldModel(table, class_count, projection)

    def explain(self, images: Sequence[NDArray[np.uint8]]) -> list[Explanation]:
        """See core.detector.Detector."""
        if self._vocabulary is None:
            raise ConfigError(f"{self.info.name}: set_vocabulary comes before explain")
        from methods._ultralytics.explain import explain_head

        return explain_head(self._model, images, self.config.image_side_px)
