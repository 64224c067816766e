"""LiteYOLO-ID's layers: YOLOv5s with ghost convolutions, efficient channel attention and C2f blocks of ghosts."""

from __future__ import annotations

from torch import Tensor, nn
from ultralytics.nn.modules import SPPF, C2f, Concat, Conv, DWConv, GhostBottleneck, GhostConv

from methods._ultralytics.layers import Source

LEVEL_CHANNELS = (128, 256, 512)
"""channels of P3, P4, P5, as the head reads them"""


class ECA(nn.Module):
    """Efficient channel attention: channel means, a 1-d convolution across channels, sigmoid (ECA-Net, CVPR 2020)."""

    def __init__(self, kernel: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv1d(1, 1, kernel, padding=kernel // 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Shape is kept."""
        weights = self.conv(x.mean(dim=(2, 3))[:, None]).sigmoid()
        return x * weights.transpose(1, 2)[..., None]


class C2fGhost(C2f):
    """The library's C2f whose bottlenecks are ghost bottlenecks."""

    def __init__(self, c_in: int, c_out: int, bottlenecks: int) -> None:
        super().__init__(c_in, c_out, bottlenecks)
        self.m = nn.ModuleList(GhostBottleneck(self.c, self.c) for _ in range(bottlenecks))


def layers(head: nn.Module) -> list[tuple[Source, nn.Module]]:
    """All layers, each with the layers it reads; `head` reads LEVEL_CHANNELS at strides 8, 16, 32.

    Repeats in the released table mean what its parser makes of them: the backbone stacks whole blocks of one
    bottleneck each, and the blocks of the neck have no bottleneck.
    """
    table: list[tuple[Source, nn.Module]] = [(-1, Conv(3, 32, 6, 2, 2))]
    c_in = 32
    for c, count in ((64, 1), (128, 2), (256, 3), (512, 1)):
        stack = [C2fGhost(c, c, 1) for _ in range(count)]
        table += [(-1, GhostConv(c_in, c, 3, 2)), (-1, ECA()), (-1, nn.Sequential(*stack))]
        c_in = c
    pyramid = SPPF(512, 512, 5)
    pyramid.cv1.act = nn.SiLU()  # as in YOLOv5; the library has since removed it
    table.append((-1, pyramid))
    for c_in, c, lateral in ((512, 256, 8), (256, 128, 5)):  # laterals leave the backbone before its C2f
        table += [(-1, DWConv(c_in, c)), (-1, nn.Upsample(scale_factor=2, mode="nearest")), (-1, ECA())]
        table += [([-1, lateral], Concat(1)), (-1, C2fGhost(2 * c, c, 0))]
    for c_in, c_lateral, c, lateral in ((128, 256, 256, 18), (256, 256, 512, 14)):
        table += [(-1, DWConv(c_in, c_in, 3, 2)), (-1, ECA())]
        table += [([-1, lateral], Concat(1)), (-1, C2fGhost(c_in + c_lateral, c, 0))]
    table.append(([23, 27, 31], head))
    return table
