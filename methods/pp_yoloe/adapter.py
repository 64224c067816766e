"""PP-YOLOE on the shared engine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, final

from benchmark.core.settings import Share
from benchmark.core.weights import ReleasedWeights
from methods._ultralytics.adapter import UltralyticsAdapter
from methods._ultralytics.recipe import PROFILES as RECIPES
from methods._ultralytics.recipe import Recipe
from methods.pp_yoloe import INFO

if TYPE_CHECKING:
    from torch import Tensor

PROFILES = {name: {**recipe, "variant": "s"} for name, recipe in RECIPES.items()}


@dataclass(frozen=True)
class Config(Recipe):
    """The shared recipe; `box`, `cls` and `dfl` have no effect, because this loss's weights are part of the method."""

    variant: Literal["s", "m"] = "s"
    static_share: Share = 1 / 3
    """share of the epochs in which ATSS assigns boxes to cells; task alignment assigns them in the rest"""


@final
class Adapter(UltralyticsAdapter[Config]):
    """Layers and loss are ours; the engine trains them."""

    info = INFO

    def build_model(self, class_count: int) -> Any:
        """PP-YOLOE of the chosen size, with its authors' constants of batch norm."""
        from torch import nn

        from methods._ultralytics.layers import LayerModel
        from methods.pp_yoloe.loss import AlignedLoss
        from methods.pp_yoloe.network import layers

        criterion = partial(AlignedLoss, static_epochs=self.config.static_share * self.config.epochs)
        model = LayerModel(layers(self.config.variant, class_count), class_count, criterion)
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eps, module.momentum = 1e-5, 0.1
        return model

    def read_weights(self, weights: ReleasedWeights) -> tuple[dict[str, Tensor], tuple[str, ...]]:
        """Tensors of the authors' Paddle file under our names, and COCO's class names."""
        from methods._torch.released import read_released
        from methods.pp_yoloe.released import coco_names, renamed

        return renamed(read_released(weights), weights.path), coco_names()

    def read_model(self, weights: ReleasedWeights) -> Any:
        """The released model, which normalises pixels as in its authors' training."""
        from methods.pp_yoloe.released import PIXEL_MEAN, PIXEL_STD

        model = super().read_model(weights)
        model.model[0].normalise(PIXEL_MEAN, PIXEL_STD)
        return model
