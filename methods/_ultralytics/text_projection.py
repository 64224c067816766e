"""The learned projection of a text encoder's embeddings into the detector's space; part of the checkpoint."""

from __future__ import annotations

import torch
from torch import Tensor, nn

DETECTOR_DIMENSIONS = 512
"""dimensions that the library's text-visual layers take"""


class TextProjection(nn.Module):
    """Projects embeddings (B, K, encoder dimensions) to unit vectors (B, K, 512).

    Embeddings of 512 dimensions stay as they are (CLIP, as in the paper); others go through a linear map without bias.
    Its shape differs between encoders of different dimensions, so one's checkpoint does not load into another's model.
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
