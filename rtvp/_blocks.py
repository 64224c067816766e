"""Convolution, normalisation, activation: shared by several boxes of the figure."""

from __future__ import annotations

from torch import nn

EPS, MOMENTUM = 1e-3, 0.03
"""batch-norm constants of the detector that the prompts are added to"""


def batch_norm(channels: int) -> nn.BatchNorm2d:
    """Batch norm with the detector's constants."""
    return nn.BatchNorm2d(channels, eps=EPS, momentum=MOMENTUM)


def conv_bn(
    c_in: int, c_out: int, kernel: int = 3, stride: int = 1, *, act: bool = True, groups: int = 1
) -> nn.Sequential:
    """Bias-free convolution that keeps H x W at stride 1, batch norm, SiLU where `act`."""
    conv = nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(conv, batch_norm(c_out), *([nn.SiLU()] if act else []))


def deconv_bn(c_in: int, c_out: int, kernel: int, stride: int, padding: int, *, act: bool = True) -> nn.Sequential:
    """Bias-free transposed convolution, batch norm, SiLU where `act`."""
    conv = nn.ConvTranspose2d(c_in, c_out, kernel, stride, padding, bias=False)
    return nn.Sequential(conv, batch_norm(c_out), *([nn.SiLU()] if act else []))
