"""How the refined prompt enters the detector: X = C + gamma * ConvBN1x1(V)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rtvp._blocks import conv_bn


class Fusion(nn.Module):
    """One level. gamma starts at zero, so training starts from the plain detector.

    `gamma` has one dimension and `gamma` in its name: an optimizer's grouping keeps weight decay off both.
    """

    def __init__(self, channels: int, kind: str = "add", gamma_init: float = 0.0) -> None:
        super().__init__()
        self.project = conv_bn(channels, channels, 1, act=False) if kind == "add" else None
        self.gamma = nn.Parameter(torch.full((1,), gamma_init))

    def forward(self, backbone: Tensor, refined: Tensor, attention: Tensor) -> Tensor:
        """C (B, C, H, W), V (B, C, H, W) and M * U (B, 1, H, W) to X; `multiply` is X = C (1 + gamma M U)."""
        if self.project is not None:
            return backbone + self.gamma * self.project(refined)
        return backbone * (1 + self.gamma * attention)
