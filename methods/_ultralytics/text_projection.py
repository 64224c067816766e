"""From a text encoder's space to the detector's, learned and part of the checkpoint."""

from __future__ import annotations

import torch
from torch import Tensor, nn

DETECTOR_DIMENSIONS = 512
"""what the library's text-visual layers take"""


class TextProjection(nn.Module):
    """(B, K, encoder dimensions) to (B, K, 512) of length 1.

    An encoder of 512 dimensions passes unchanged (CLIP, as in the paper); any other goes through a bias-free linear
    map. Checkpoints of different encoders therefore never load into each other by accident: the map's shape differs.
    """

    def __init__(self, encoder_dimensions: int) -> None:
        super().__init__()
        self.map: nn.Module = nn.Identity()
        if encoder_dimensions != DETECTOR_DIMENSIONS:
            linear = nn.Linear(encoder_dimensions, DETECTOR_DIMENSIONS, bias=False)
            # Orthogonal columns keep the cosines between names as the encoder made them.
            nn.init.orthogonal_(linear.weight)
            self.map = linear

    def forward(self, embeddings: Tensor) -> Tensor:
        """Unit vectors in the detector's space."""
        return torch.nn.functional.normalize(self.map(embeddings), dim=-1)
