"""Sparse sampling (Eq. 6): in each patch, the top-k cells whose score is above the patch's mean."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rtvp.config import SELECTION_STRIDE, PromptConfig


def select(scores: Tensor, cells: int, keep_ratio: float, one_cell_rule: str = "level_mean") -> tuple[Tensor, Tensor]:
    """M and the threshold mu that each cell was compared with, both (B, 1, H, W) like `scores`.

    cells: side of a patch in cells; the grid is ceil(H / cells) x ceil(W / cells), and a ragged edge patch uses its
    own valid cells in mean, k and mask. k = ceil(keep_ratio * valid cells); of equal scores the earlier cell (row by
    row) is kept. A patch with one valid cell is compared with the image's mean score (`level_mean`) or kept (`keep`).
    """
    height, width = scores.shape[-2:]
    patches, valid = _to_patches(scores, cells), _to_patches(torch.ones_like(scores), cells).bool()
    count = valid.sum(dim=-1, keepdim=True)
    mean = (patches * valid).sum(dim=-1, keepdim=True) / count
    above = (patches > mean) & valid
    level_mean = scores.mean(dim=(2, 3)).view(-1, 1, 1)
    single = count == 1
    if one_cell_rule == "keep":
        above |= single & valid
    else:
        mean = torch.where(single, level_mean, mean)
        above = torch.where(single, (patches > level_mean) & valid, above)
    order = torch.where(above, patches, -math.inf).argsort(dim=-1, descending=True, stable=True)
    rank = order.argsort(dim=-1)
    kept = above & (rank < torch.ceil(keep_ratio * count - 1e-6))
    threshold = mean.expand_as(patches)
    return _from_patches(kept.to(scores.dtype), cells, height, width), _from_patches(threshold, cells, height, width)


def _to_patches(x: Tensor, cells: int) -> Tensor:
    """(B, 1, H, W) to (B, patches, cells * cells), zero-padded at the lower and right edge."""
    height, width = x.shape[-2:]
    x = F.pad(x, (0, -width % cells, 0, -height % cells))
    rows, columns = x.shape[-2] // cells, x.shape[-1] // cells
    x = x.view(-1, rows, cells, columns, cells).transpose(2, 3)
    return x.reshape(-1, rows * columns, cells * cells)


def _from_patches(x: Tensor, cells: int, height: int, width: int) -> Tensor:
    """Back from `_to_patches`, the padding cut off."""
    rows, columns = math.ceil(height / cells), math.ceil(width / cells)
    x = x.view(-1, rows, columns, cells, cells).transpose(2, 3).reshape(-1, 1, rows * cells, columns * cells)
    return x[:, :, :height, :width]


class SparseSampling(nn.Module):
    """The selection of one level.

    stride: pixels of the input image a cell of this level. With selection `image` the scores are resampled to
    stride 4, selected there, and the mask max-pooled back to the level.
    """

    def __init__(self, stride: int, config: PromptConfig) -> None:
        super().__init__()
        self.factor = stride // SELECTION_STRIDE if config.selection == "image" else 1
        self.cells = max(1, config.patch_size // (SELECTION_STRIDE if config.selection == "image" else stride))
        self.keep_ratio, self.one_cell_rule = config.keep_ratio, config.one_cell_rule
        self.tau = config.straight_through_tau if config.straight_through else None

    def forward(self, scores: Tensor) -> Tensor:
        """Scores U (B, 1, H, W) to the mask M (B, 1, H, W) of 0 and 1.

        With straight-through the values are the same and the gradient is that of sigmoid((U - mu) / tau).
        """
        fine = scores
        if self.factor > 1:
            fine = F.interpolate(scores, scale_factor=self.factor, mode="bilinear", align_corners=False)
        with torch.no_grad():
            mask, threshold = select(fine, self.cells, self.keep_ratio, self.one_cell_rule)
            if self.factor > 1:
                mask, threshold = F.max_pool2d(mask, self.factor), F.avg_pool2d(threshold, self.factor)
        if self.tau is None:
            return mask
        soft = torch.sigmoid((scores - threshold) / self.tau)
        return mask + soft - soft.detach()
