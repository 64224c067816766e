"""YOLO-World on any text encoder: the library's model with our projection in front of its texts."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from ultralytics.nn.tasks import WorldModel


class ProjectedWorldModel(WorldModel):
    """The library's YOLO-World whose texts come as raw encoder embeddings.

    table: the library's layer table by file name; class_count: names shown at a fit.
    """

    model: Any
    """the library's layers, an nn.Sequential"""

    def __init__(self, table: str, class_count: int, text_projection: nn.Module) -> None:
        super().__init__(table, ch=3, nc=class_count, verbose=False)
        self.text_projection = text_projection

    def set_text(self, embeddings: Tensor) -> None:
        """Names to detect from now on: raw encoder embeddings (K, dimensions), projected once."""
        weights = next(self.parameters())
        with torch.no_grad():
            self.txt_feats = self.text_projection(embeddings[None].to(weights.device, weights.dtype))
        self.model[-1].nc = len(embeddings)

    def loss(self, batch: dict[str, Tensor], preds: Any = None) -> tuple[Tensor, dict[str, Tensor]]:
        """As the library's, with batch['txt_feats'] (B, K, encoder dimensions) projected first."""
        if preds is None:
            batch = {**batch, "txt_feats": self.text_projection(batch["txt_feats"])}
        loss: tuple[Tensor, dict[str, Tensor]] = super().loss(batch, preds)
        return loss
