"""The learnable scorer: one uncertainty score per pixel of the coarse prompt (Eq. 4 and 5)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ChannelActivation(nn.Module):
    """A_c(F) = sigmoid(W1 ReLU(W0 avg(F)) + W1 ReLU(W0 max(F))), W0 and W1 shared and bias-free (CBAM)."""

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        hidden = max(1, channels // reduction)
        self.w0 = nn.Linear(channels, hidden, bias=False)
        self.w1 = nn.Linear(hidden, channels, bias=False)

    def forward(self, feature: Tensor) -> Tensor:
        """(B, C, H, W) to (B, C, 1, 1) in (0, 1)."""
        average, maximum = feature.mean(dim=(2, 3)), feature.amax(dim=(2, 3))
        logits = self.w1(torch.relu(self.w0(average))) + self.w1(torch.relu(self.w0(maximum)))
        return torch.sigmoid(logits)[:, :, None, None]


class SpatialActivation(nn.Module):
    """A_s(F) = sigmoid(Conv7x7([mean over channels; maximum over channels]))."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 1, 7, padding=3, bias=False)

    def forward(self, feature: Tensor) -> Tensor:
        """(B, C, H, W) to (B, 1, H, W) in (0, 1)."""
        both = torch.cat([feature.mean(dim=1, keepdim=True), feature.amax(dim=1, keepdim=True)], dim=1)
        return torch.sigmoid(self.conv(both))


class CBAMScorer(nn.Module):
    """U = A_s(A_c(F) * F)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channel = ChannelActivation(channels)
        self.spatial = SpatialActivation()

    def forward(self, coarse: Tensor) -> Tensor:
        """Coarse prompt (B, C, H, W) to scores (B, 1, H, W) in (0, 1)."""
        return self.spatial(self.channel(coarse) * coarse)


class SimAMScorer(nn.Module):
    """The parameter-free alternative: U = mean over channels of sigmoid(e), e = (x - mu)^2 / (4 (var + eps)) + 0.5.

    mu and var (with H W - 1 in its denominator) are of the channel over its own positions.
    """

    def __init__(self, eps: float = 1e-4) -> None:
        super().__init__()
        self.eps = eps

    def forward(self, coarse: Tensor) -> Tensor:
        """Coarse prompt (B, C, H, W) to scores (B, 1, H, W) in (0, 1)."""
        squared = (coarse - coarse.mean(dim=(2, 3), keepdim=True)).square()
        positions = coarse.shape[2] * coarse.shape[3]
        variance = squared.sum(dim=(2, 3), keepdim=True) / max(1, positions - 1)
        energy = squared / (4 * (variance + self.eps)) + 0.5
        return torch.sigmoid(energy).mean(dim=1, keepdim=True)


def build_scorer(kind: str, channels: int) -> nn.Module:
    """`cbam` or `simam`."""
    return CBAMScorer(channels) if kind == "cbam" else SimAMScorer()
