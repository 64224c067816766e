"""GLIP's fine-tuning with the inter-image contrast added to its losses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from methods._mmdet.trainer import Step
from methods._mmdet.trainer import Trainer as GlipTrainer
from methods.glipv2.contrast import inter_image_loss


class Trainer(GlipTrainer):
    """See the engine's trainer."""

    recipe: Any

    def losses(self, step: Step) -> Mapping[str, torch.Tensor]:
        """The library's losses and `loss_inter` on the same features."""
        inter = self.recipe.inter_weight * inter_image_loss(self.model, step)
        return {**super().losses(step), "loss_inter": inter}
