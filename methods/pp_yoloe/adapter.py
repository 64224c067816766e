"""PP-YOLOE on the shared engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from benchmark.core.errors import ConfigError, MissingWeightsError
from methods._ultralytics.adapter import UltralyticsAdapter
from methods._ultralytics.recipe import PROFILES as RECIPES
from methods._ultralytics.recipe import Recipe
from methods.pp_yoloe import INFO

PROFILES = {name: {**recipe, "variant": "s"} for name, recipe in RECIPES.items()}


@dataclass(frozen=True)
class Config(Recipe):
    """The shared recipe; `box`, `cls` and `dfl` are for YOLO's loss, this one's gains are part of the method."""

    variant: Literal["s", "m"] = "s"
    static_share: float = 1 / 3
    """share of the epochs in which ATSS assigns boxes to cells; task alignment does in the rest"""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.static_share <= 1:
            raise ConfigError(f"static_share is {self.static_share}: a share from 0 to 1 is needed")


class Adapter(UltralyticsAdapter):
    """Layers and loss are ours; the engine trains them."""

    info = INFO

    def build_model(self, class_count: int) -> Any:
        """PP-YOLOE of the chosen size, batch norm with the constants of its authors."""
        from torch import nn

        from methods._ultralytics.layers import LayerModel
        from methods.pp_yoloe.network import layers

        model = LayerModel(layers(self.config.variant, class_count, self.config.static_share), class_count)
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eps, module.momentum = 1e-5, 0.1
        return model

    def load_released(self) -> None:
        """See core.method.ReleasedMethod: the authors' weights, and pixels as they were trained with."""
        weights = self.released_weights(self.config)
        if weights is None:
            raise MissingWeightsError(f"no weights of {self.info.name}-{self.config.variant} were released")
        from methods._ultralytics.library import prepare

        prepare()
        from methods._torch.released import read_released
        from methods.pp_yoloe.released import PIXEL_MEAN, PIXEL_STD, coco_names, renamed

        state = renamed(read_released(weights), weights.path)
        self._names = coco_names()
        model = self.build_model(len(self._names))
        # Paddle does not count batches; torch does, and never reads the count here.
        counts = {name: n for name, n in model.state_dict().items() if name.endswith("num_batches_tracked")}
        self._fill(model, {**counts, **state}, weights.path)
        model.model[0].normalise(PIXEL_MEAN, PIXEL_STD)
        self._take(model)
