"""ViLD's adapter: one softmax over all names, each represented by the mean of its texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, final

import numpy as np
from annotated_types import Interval
from numpy.typing import NDArray

from benchmark.core.detections import Detections
from benchmark.core.detector import Limits
from benchmark.core.plugins import load
from benchmark.core.settings import Count
from benchmark.core.vocabulary import Vocabulary
from benchmark.core.weights import ReleasedWeights
from methods._torch.adapter import TrainingJob
from methods._torch.fine_tuned import FineTunedAdapter
from methods._torch.recipe import TWO_SIDES_PROFILES, TwoSidesRecipe
from methods._torch.texts import embeddings
from methods.vild import INFO

CLIP = "clip-vit-b32"
"""the only encoder that embeds images and texts in one space, so the only one to distil from"""


@dataclass(frozen=True)
class Config(TwoSidesRecipe):
    """The shared recipe; only the backbone starts from released weights, whose batch statistics are kept."""

    variant: Literal["r50", "test"] = "r50"
    """r50: the published backbone; test: half a ResNet-18 with a narrow head, for tests only"""
    text_encoder: str = CLIP
    regions: Count = 32
    """proposals per training image that are distilled from CLIP, the best first; 0: no distillation"""
    clip_norm: Annotated[float, Interval(gt=0, le=1_000_000)] = 10.0


PROFILES = {name: {**recipe, "text_encoder": "minilm"} for name, recipe in TWO_SIDES_PROFILES.items()}
PROFILES["paper"] = {}


@final
class Adapter(FineTunedAdapter[Config]):
    """Backbone, proposals, heads and losses are torchvision's; naming and distillation are ours."""

    info = INFO

    @classmethod
    def text_encoder(cls, config: Config) -> str | None:
        """See Detector; the encoder is not part of the model: its vectors are the classifier."""
        return config.text_encoder

    def encode(self, vocabulary: Vocabulary) -> None:
        """See TorchAdapter; a name with several texts is their mean, as with the paper's templates."""
        texts = embeddings(self.config.text_encoder, vocabulary)
        self._model.roi_heads.box_predictor.texts = texts.to(self.torch_device())

    def detect(self, images: Sequence[NDArray[np.uint8]], limits: Limits) -> list[Detections]:
        """See TorchAdapter."""
        from methods.vild.predict import detect

        return detect(self._model, images, limits)

    def build_model(self, class_count: int) -> Any:  # noqa: ARG002  # a name is a row of the classifier
        """See TorchAdapter."""
        from methods.vild.network import build

        width = load("text encoder", self.config.text_encoder).dimensions
        sides_px = (self.config.shorter_side_px, self.config.image_side_px)
        return build(width, sides_px, small=self.config.variant == "test")

    def read_model(self, weights: ReleasedWeights) -> Any:
        """See TorchAdapter: a new model with the backbone of that file."""
        from methods._torch.released import read_released
        from methods.vild.network import take_backbone

        model = self.build_model(1)
        take_backbone(model, read_released(weights), weights.name)
        return model

    def make_trainer(self, model: Any, job: TrainingJob) -> Any:
        """See FineTunedAdapter."""
        from methods.vild.trainer import Trainer

        model.roi_heads.box_predictor.texts = embeddings(self.config.text_encoder, job.vocabulary)
        regions = self.config.regions if self._why_not() is None else 0
        return Trainer(model, self.config, regions, job, self.torch_device())

    def fit_facts(self, trained: Mapping[str, Any]) -> dict[str, Any]:
        """See FineTunedAdapter; also whether and how regions were distilled, and if not, why."""
        return {**super().fit_facts(trained), "distilled": self._distilled()}

    def _distilled(self) -> str:
        reason = self._why_not()
        return f"no: {reason}" if reason else f"{self.config.regions} proposals per training image, {CLIP}"

    def _why_not(self) -> str | None:
        """The reason why a fit with these settings distils nothing, or None."""
        if not self.config.regions:
            return "regions is 0"
        if self.config.text_encoder != CLIP:
            return f"{self.config.text_encoder} reads texts only, and CLIP's pictures are not in its space"
        from benchmark.text.vectors import clip_images

        return clip_images.missing()
