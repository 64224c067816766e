"""Detectors of this engine that read class names: settings, the start from an expert, the names shown in training.

YOLO-World, the base of several methods, is at the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmark.core.detector import Explanation
from benchmark.core.method import StartingFit
from benchmark.core.plugins import load
from benchmark.core.settings import Count
from benchmark.core.vocabulary import Vocabulary
from benchmark.core.weights import ReleasedWeights
from methods._torch.texts import embeddings
from methods._ultralytics.adapter import UltralyticsAdapter
from methods._ultralytics.recipe import Recipe

if TYPE_CHECKING:
    from torch import Tensor

CLIP = "clip-vit-b32"
"""the paper's text encoder, and the one that YOLO-World's released weights were trained with"""


@dataclass(frozen=True)
class OpenRecipe(Recipe):
    """The shared recipe, with the start of the backbone and the texts to read."""

    init: Literal["expert", "none"] = "expert"
    """expert: the backbone of a YOLOv8 of the same size, fitted on the same base images"""
    text_encoder: str = CLIP
    pad_prompts: Count = 0
    """least number of texts per training image; empty strings are added up to it (YOLO-World: 80)"""


@dataclass(frozen=True)
class WorldRecipe(OpenRecipe):
    """YOLO-World's settings."""

    head: Literal["v1", "v2"] = "v1"
    """first version (image pooling, L2 contrast) or second (no pooling, batch norm)"""


Open = TypeVar("Open", bound=OpenRecipe)
World = TypeVar("World", bound=WorldRecipe)


class OpenVocabularyAdapter(UltralyticsAdapter[Open]):
    """A detector whose model has `set_text`, which takes the raw embeddings of the names to detect."""

    @classmethod
    def text_encoder(cls, config: Open) -> str | None:
        """See Detector."""
        return config.text_encoder

    @classmethod
    def starting_fit(cls, config: Open) -> StartingFit | None:
        """The fit of YOLOv8 on the same recipe and base images; its seed is fixed, so seeds and ablations share it."""
        if config.init == "none":
            return None
        return StartingFit("yolov8", {field.name: getattr(config, field.name) for field in fields(Recipe)})

    def explain(self, images: Sequence[NDArray[np.uint8]]) -> list[Explanation]:
        """See Detector."""
        self.need_vocabulary("explain")
        from methods._ultralytics.explain import explain_head

        return explain_head(self._model, images, self.config.image_side_px)

    def head_classes(self, class_count: int) -> int:
        """The number of texts shown in training: the library derives the shapes of the nano size's head from it."""
        return max(class_count, self.config.pad_prompts)

    def texts_to_show(self, vocabulary: Vocabulary) -> Tensor | None:
        """The embeddings of the names, padded with that of the empty string up to `pad_prompts`."""
        texts = embeddings(self.config.text_encoder, vocabulary)
        missing = self.config.pad_prompts - len(vocabulary)
        if missing <= 0:
            return texts
        import torch

        # No box has an empty name, so these act as negatives, as in the original's training.
        empty = torch.from_numpy(load("text encoder", self.config.text_encoder).encode([""]))
        return torch.cat([texts, empty.expand(missing, -1)])

    def encode(self, vocabulary: Vocabulary) -> None:
        """See TorchAdapter: any names."""
        self._model.set_text(embeddings(self.config.text_encoder, vocabulary))


class WorldAdapter(OpenVocabularyAdapter[World]):
    """A YOLO-World on any of our text encoders."""

    released_settings: ClassVar[Mapping[str, Any]] = {"text_encoder": CLIP}

    @classmethod
    def released_weights(cls, config: World) -> ReleasedWeights | None:
        """The file of this size and head; None for other text encoders than CLIP, which it was trained with."""
        name = f"{_table(config)}.pt"
        return next((w for w in cls.info.weights if w.name == name and config.text_encoder == CLIP), None)

    def build_model(self, class_count: int) -> Any:
        """The library's YOLO-World with our text projection."""
        from methods._ultralytics.text_projection import TextProjection
        from methods._ultralytics.world import ProjectedWorldModel

        projection = TextProjection(load("text encoder", self.config.text_encoder).dimensions)
        return ProjectedWorldModel(f"{_table(self.config)}.yaml", class_count, projection)


def _table(config: WorldRecipe) -> str:
    """The library's name of the model of this size and head."""
    return f"yolov8{config.variant}-world{'v2' if config.head == 'v2' else ''}"
