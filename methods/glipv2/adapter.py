"""GLIPv2-T, as far as GLIP-T's public weights allow: the same layers, fine-tuned with one more loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, final

from benchmark.core.settings import Weight
from methods._mmdet.adapter import GlipAdapter
from methods._mmdet.recipe import PROFILES, Recipe
from methods._torch.adapter import TrainingJob
from methods.glipv2 import INFO

__all__ = ["PROFILES", "Adapter", "Config"]


@dataclass(frozen=True)
class Config(Recipe):
    """The engine's recipe. t: GLIP-T with early fusion, from the weights of GLIP-T (C)."""

    variant: Literal["t", "test", "test-deep"] = "t"
    inter_weight: Weight = 1.0
    """weight of the contrast between regions and the words of all images in the batch"""


@final
class Adapter(GlipAdapter[Config]):
    """Predicts as GLIP; the two layers of the contrast are used only in training."""

    info = INFO
    letters = {"t": "c"}  # noqa: RUF012  # declared as a class variable in the engine

    def extend(self, model: Any) -> Any:
        """Add the contrast's layers."""
        from torch import nn

        from methods.glipv2.contrast import RegionWordContrast

        width = model.language_model.language_backbone.body.language_dim
        model.added = nn.ModuleDict({"contrast": RegionWordContrast(width)})
        return model

    def make_trainer(self, model: Any, job: TrainingJob) -> Any:
        """See FineTunedAdapter."""
        from methods.glipv2.trainer import Trainer

        return Trainer(model, self.config, self.reader(training=True), job, self.torch_device())
