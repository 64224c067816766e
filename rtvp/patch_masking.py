"""Random patch masking of the sampled features (Eq. 1); training only."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from rtvp.config import STRIDES


def random_patches(batch: int, rows: int, columns: int, ratio: float, device: torch.device) -> Tensor:
    """B of Eq. 1 on the patch grid: (B, 1, rows, columns), 0 on floor(ratio * n) patches per image, else 1.

    The masked index set is drawn uniformly without replacement, for each image by itself.
    """
    count = rows * columns
    masked = math.floor(ratio * count)
    order = torch.rand(batch, count, device=device).argsort(dim=1)
    kept = torch.ones(batch, count, device=device).scatter_(1, order[:, :masked], 0.0)
    return kept.view(batch, 1, rows, columns)


def to_cells(patches: Tensor, cells: int, height: int, width: int) -> Tensor:
    """The patch grid spread over (B, 1, height, width) cells; a ragged edge patch is cut."""
    spread = patches.repeat_interleave(cells, dim=2).repeat_interleave(cells, dim=3)
    return spread[:, :, :height, :width]


class PatchMasking(nn.Module):
    """F~ = F * B, zero fill by default, or a learned token per level where masked.

    patch_px: side of a patch in pixels of the input image; ratio: share of the patches that is masked.
    """

    def __init__(self, channels: Sequence[int], patch_px: int, ratio: float, *, shared: bool, token: bool) -> None:
        super().__init__()
        self.cells = [max(1, patch_px // stride) for stride in STRIDES]
        self.ratio, self.shared = ratio, shared
        self.tokens = nn.ParameterList(nn.Parameter(torch.zeros(1, c, 1, 1)) for c in channels) if token else None

    def forward(self, features: Sequence[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """F3, F4, F5 to the masked features and the masks B (B, 1, H, W), 1 where kept."""
        drawn: dict[tuple[int, int], Tensor] = {}
        masked, masks = [], []
        for level, (feature, cells) in enumerate(zip(features, self.cells, strict=True)):
            batch, _, height, width = feature.shape
            grid = (math.ceil(height / cells), math.ceil(width / cells))
            if not self.shared or grid not in drawn:
                drawn[grid] = random_patches(batch, *grid, self.ratio, feature.device)
            mask = to_cells(drawn[grid], cells, height, width).to(feature.dtype)
            fill = self.tokens[level] * (1 - mask) if self.tokens is not None else 0.0
            masked.append(feature * mask + fill)
            masks.append(mask)
        return masked, masks
