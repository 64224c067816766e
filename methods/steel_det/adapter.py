"""Steel det on the shared engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, final

from methods._ultralytics.adapter import UltralyticsAdapter
from methods._ultralytics.recipe import PROFILES as RECIPES
from methods._ultralytics.recipe import Recipe
from methods.steel_det import INFO

PROFILES = {name: {**recipe, "variant": "r18"} for name, recipe in RECIPES.items()}


@dataclass(frozen=True)
class Config(Recipe):
    """The shared recipe; `box`, `cls` and `dfl` have no effect. There is one size."""

    variant: Literal["r18"] = "r18"  # type: ignore[assignment]  # there is one size


@final
class Adapter(UltralyticsAdapter[Config]):
    """Layers and loss are ours; the engine trains them. Local maxima replace NMS, so `nms_iou` has no effect."""

    info = INFO

    def build_model(self, class_count: int) -> Any:
        """A detector on ResNet-18 with random weights."""
        from methods._ultralytics.layers import LayerModel
        from methods.steel_det.loss import CentreLoss
        from methods.steel_det.network import layers

        return LayerModel(layers(class_count), class_count, CentreLoss)

    def gflops(self, model: Any) -> float:
        """See TorchAdapter; counted by torch, because the library's counter omits deformable convolutions."""
        import torch
        from torch.utils.flop_counter import FlopCounterMode

        side_px = self.config.image_side_px
        image = torch.zeros(1, 3, side_px, side_px, device=next(model.parameters()).device)
        counted = {torch.ops.torchvision.deform_conv2d: deformable_operations}
        with FlopCounterMode(display=False, custom_mapping=counted) as counter, torch.no_grad():
            model(image)
        return counter.get_total_flops() / 1e9


def deformable_operations(_x: Any, weight: Any, *_: Any, out_shape: Any, **__: Any) -> int:
    """FLOPs of a convolution of that shape, 2 per multiply-add. Shapes (B, C, H, W) and (out, in, kernel, kernel)."""
    batch, c_out, height, width = out_shape
    _, c_in, kernel_h, kernel_w = weight
    return int(2 * batch * c_out * height * width * c_in * kernel_h * kernel_w)
