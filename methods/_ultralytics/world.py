"""YOLO-World on any text encoder: the library's model with a projection of the text embeddings."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from ultralytics.nn.tasks import WorldModel


class ProjectedWorldModel(WorldModel):
    """The library's YOLO-World, which takes texts as raw encoder embeddings.

    table: file name of the library's layer table; class_count: number of names shown in training.
    """

    model: Any
    """the library's layers, an nn.Sequential"""

    def __init__(self, table: str, class_count: int, text_projection: nn.Module) -> None:
        super().__init__(table, ch=3, nc=class_count, verbose=False)
        self.text_projection = text_projection

    def set_text(self, embeddings: Tensor) -> None:
        """Set the names to detect: raw encoder embeddings (K, dimensions), projected once."""
        weights = next(self.parameters())
        with torch.no_grad():
            self.txt_feats = self.text_projection(embeddings[None].to(weights.device, weights.dtype))
        self.model[-1].nc = len(embeddings)

    def loss(self, batch: dict[str, Tensor], preds: Any = None) -> tuple[Tensor, dict[str, Tensor]]:
        """The library's loss, with batch['txt_feats'] (B, K, encoder dimensions) projected first."""
        if preds is None:
            batch = {**batch, "txt_feats": self.text_projection(batch["txt_feats"])}
        loss: tuple[Tensor, dict[str, Tensor]] = super().loss(batch, preds)
        return loss
