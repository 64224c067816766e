"""ViLD behind the contract: all names in one softmax, each a mean over its texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Interval
from numpy.typing import NDArray

from benchmark.core.detections import Detections
from benchmark.core.detector import DetectorConfig, Limits
from benchmark.core.errors import ConfigError
from benchmark.core.method import FitResult, Report
from benchmark.core.paths import Home
from benchmark.core.plugins import load
from benchmark.core.sample import Sample
from benchmark.core.settings import Count, Decay, LearningRate, PositiveCount, Share, SidePx
from benchmark.core.vocabulary import Vocabulary
from benchmark.core.weights import ReleasedWeights
from benchmark.text.vectors.cache import embed
from methods._torch.adapter import TorchAdapter
from methods.vild import INFO

CLIP = "clip-vit-b32"
"""the only encoder whose pictures live in one space with its texts, so the only one to distil from"""


@dataclass(frozen=True)
class Config(DetectorConfig):
    """One field a decision; sides in pixels, rates per step. Raises ConfigError for sides that contradict."""

    variant: Literal["r50", "test"] = "r50"
    """r50: the published backbone; test: half a ResNet-18 with a narrow head, for tests only"""
    init: Literal["released", "none"] = "released"
    """released: the backbone starts from ImageNet, its batch statistics kept; none: from scratch"""
    text_encoder: str = CLIP
    image_side_px: SidePx = 1333
    """longer side of an image at most"""
    shorter_side_px: SidePx = 800
    """shorter side of an image, unless the longer one would pass its limit"""
    epochs: PositiveCount = 12
    batch: PositiveCount = 4
    train_images: PositiveCount | None = None
    """at most this many training images, drawn by whole groups with the seed; none: all"""
    regions: Count = 32
    """best proposals of a training image that are distilled from CLIP's pictures of them; 0: no distillation"""
    lr0: LearningRate = 1e-4
    lr_pretrained_share: Share = 0.1
    """learning rate of the backbone as a share of lr0"""
    weight_decay: Share = 1e-4
    warmup_steps: Count = 100
    clip_norm: Annotated[float, Interval(gt=0, le=1_000_000)] = 10.0
    fliplr: Share = 0.5
    ema_decay: Decay = 0.999

    def __post_init__(self) -> None:
        if self.shorter_side_px > self.image_side_px:
            raise ConfigError(f"shorter_side_px is {self.shorter_side_px}, above image_side_px {self.image_side_px}")


_QUICK = {"image_side_px": 256, "shorter_side_px": 192, "epochs": 10, "train_images": 1000, "text_encoder": "minilm"}

PROFILES: Mapping[str, Mapping[str, Any]] = {
    "smoke": {
        "variant": "test",
        "init": "none",
        "text_encoder": "minilm",
        "image_side_px": 96,
        "shorter_side_px": 64,
        "epochs": 1,
        "train_images": 16,
        "warmup_steps": 0,
    },
    "quick": _QUICK,
    "demo": {**_QUICK, "train_images": None},
    "paper": {},
}


class Adapter(TorchAdapter):
    """Backbone, proposals, heads and losses are torchvision's; naming and distillation are ours."""

    info = INFO

    @classmethod
    def text_encoder(cls, config: Any) -> str | None:
        """Outside the model: its vectors are the classifier."""
        return str(config.text_encoder)

    @classmethod
    def released_weights(cls, config: Any) -> ReleasedWeights | None:  # noqa: ARG003  # the contract's signature
        """None: no detector was released in a form that torch reads."""
        return None

    @classmethod
    def starting_weights(cls, config: Any) -> ReleasedWeights | None:
        """The backbone of the published size, where a fit starts from it."""
        if config.init != "released":
            return None
        return next((weights for weights in cls.info.weights if weights.variant == config.variant), None)

    def fit(
        self,
        train: Sequence[Sample],
        val: Sequence[Sample],
        vocabulary: Vocabulary,
        seed: int,
        run_dir: Path,
        start: Path | None = None,
        report: Report | None = None,
    ) -> FitResult:
        """See TorchAdapter; the facts also say whether and how regions were distilled, and if not, why."""
        result = super().fit(train, val, vocabulary, seed, run_dir, start, report)
        return FitResult(result.checkpoint, result.train_hours, {**result.facts, "distilled": self._distilled()})

    def set_vocabulary(self, vocabulary: Vocabulary) -> None:
        """See core.detector.Detector; a name with several texts is their mean, as with the paper's templates."""
        if self._model is None:
            raise ConfigError(f"{self.info.name}: load or build_random comes before set_vocabulary")
        self._model.roi_heads.box_predictor.texts = self._embed(vocabulary).to(self._device())
        self._vocabulary = vocabulary

    def predict(self, images: Sequence[NDArray[np.uint8]], limits: Limits) -> list[Detections]:
        """See core.detector.Detector."""
        if self._vocabulary is None:
            raise ConfigError(f"{self.info.name}: set_vocabulary comes before predict")
        from methods.vild.predict import detect

        return detect(self._model, images, limits)

    def build_model(self, *, empty: bool = False, released: bool = False) -> Any:
        """See TorchAdapter. Raises MissingWeightsError where the backbone's weights are asked for and not here."""
        from methods.vild.network import build

        if released:
            self.asked_weights(empty=False, released=True)  # says that there are none
        weights = None if empty else self.starting_weights(self.config)
        width = load("text encoder", self.config.text_encoder).dimensions
        sides_px = (self.config.shorter_side_px, self.config.image_side_px)
        model = build(width, sides_px, small=self.config.variant == "test")
        if weights:
            from methods._torch.released import read_released
            from methods.vild.network import take_backbone

            take_backbone(model, read_released(weights), weights.name)
        return model

    def make_trainer(self, model: Any, vocabulary: Vocabulary, seed: int, run_dir: Path, report: Report | None) -> Any:
        """See TorchAdapter."""
        from methods.vild.trainer import Trainer

        model.roi_heads.box_predictor.texts = self._embed(vocabulary)
        regions = self.config.regions if self._why_not() is None else 0
        return Trainer(model, self.config, regions, seed, run_dir, self._device(), report)

    def _embed(self, vocabulary: Vocabulary) -> Any:
        import torch

        return torch.from_numpy(embed(load("text encoder", self.config.text_encoder), vocabulary, Home.find().text))

    def _distilled(self) -> str:
        reason = self._why_not()
        return f"no: {reason}" if reason else f"{self.config.regions} proposals a training image, {CLIP}"

    def _why_not(self) -> str | None:
        """Why a fit with these settings learns from boxes alone, or None."""
        if not self.config.regions:
            return "regions is 0"
        if self.config.text_encoder != CLIP:
            return f"{self.config.text_encoder} reads texts only, and CLIP's pictures are not in its space"
        from benchmark.text.vectors import clip_images

        return clip_images.missing()
