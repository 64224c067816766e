"""Multi-scale sampling: one Mobile-SAM map to the three levels of the detector."""

from __future__ import annotations

from torch import Tensor, nn

from rtvp._blocks import conv_bn, deconv_bn


class MultiScaleSampling(nn.Module):
    """A simple pyramid (ViTDet): deconvolution up to P3, convolution at P4, strided convolution down to P5.

    channels: of the expert's P3, P4, P5, which the outputs get.
    """

    def __init__(self, channels: tuple[int, int, int], c_in: int = 256) -> None:
        super().__init__()
        self.p3 = deconv_bn(c_in, channels[0], kernel=2, stride=2, padding=0)
        self.p4 = conv_bn(c_in, channels[1])
        self.p5 = conv_bn(c_in, channels[2], stride=2)

    def forward(self, sam: Tensor) -> list[Tensor]:
        """(B, 256, H/16, W/16) to F3, F4, F5 at strides 8, 16, 32."""
        return [self.p3(sam), self.p4(sam), self.p5(sam)]
