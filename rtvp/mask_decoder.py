"""The mask decoder D of Eq. 2: F^ = D(F~), "three layers of convolution and deconvolution"."""

from __future__ import annotations

from torch import Tensor, nn

from rtvp._blocks import batch_norm, conv_bn, deconv_bn

LAYERS = 3


def build_decoder(kind: str, channels: int, width: int | None = None) -> nn.Module:
    """A decoder of one level, (B, channels, H, W) to the same shape; the last layer has no activation.

    kind: pairs = 3 x (conv 3x3, deconv 3x3); pairs4 = the same with 4x4 deconvolutions; stacked = 3 convolutions,
    then 3 deconvolutions; hourglass = the same at stride 2; depthwise = pairs with separable convolutions.
    Raises KeyError for another kind.
    """
    return {"pairs": _pairs, "pairs4": _pairs4, "stacked": _stacked, "hourglass": Hourglass, "depthwise": _depthwise}[
        kind
    ](channels, width or channels)


def _pairs(channels: int, width: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for i in range(LAYERS):
        last = i == LAYERS - 1
        layers.append(conv_bn(channels if i == 0 else width, width))
        layers.append(deconv_bn(width, channels if last else width, kernel=3, stride=1, padding=1, act=not last))
    return nn.Sequential(*layers)


def _pairs4(channels: int, width: int) -> nn.Sequential:
    # An even kernel cannot keep H x W: the convolution before it is not padded on two sides (H - 1), the
    # deconvolution gives the row and column back.
    layers: list[nn.Module] = []
    for i in range(LAYERS):
        last = i == LAYERS - 1
        layers.append(
            nn.Sequential(nn.ZeroPad2d((1, 0, 1, 0)), *_unpadded(channels if i == 0 else width, width), nn.SiLU())
        )
        layers.append(deconv_bn(width, channels if last else width, kernel=4, stride=1, padding=1, act=not last))
    return nn.Sequential(*layers)


def _unpadded(c_in: int, c_out: int) -> tuple[nn.Module, nn.Module]:
    return nn.Conv2d(c_in, c_out, 3, bias=False), batch_norm(c_out)


def _stacked(channels: int, width: int) -> nn.Sequential:
    convs = [conv_bn(channels if i == 0 else width, width) for i in range(LAYERS)]
    deconvs = [
        deconv_bn(width, channels if i == LAYERS - 1 else width, 3, 1, 1, act=i < LAYERS - 1) for i in range(LAYERS)
    ]
    return nn.Sequential(*convs, *deconvs)


def _depthwise(channels: int, width: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for i in range(2 * LAYERS):
        c_in = channels if i == 0 else width
        c_out = channels if i == 2 * LAYERS - 1 else width
        layers += [conv_bn(c_in, c_in, groups=c_in), conv_bn(c_in, c_out, 1, act=i < 2 * LAYERS - 1)]
    return nn.Sequential(*layers)


class Hourglass(nn.Module):
    """Three strided convolutions, three strided deconvolutions that return to the sizes met on the way down."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.down = nn.ModuleList(conv_bn(channels if i == 0 else width, width, stride=2) for i in range(LAYERS))
        ends = [channels if i == LAYERS - 1 else width for i in range(LAYERS)]
        self.up = nn.ModuleList(nn.ConvTranspose2d(width, c, 3, 2, 1, bias=False) for c in ends)
        self.norm = nn.ModuleList(batch_norm(c) for c in ends)
        self.act = nn.SiLU()

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to the same shape; odd sizes on the way are restored by output padding."""
        sizes: list[list[int]] = []
        for down in self.down:
            sizes.append(list(x.shape[-2:]))
            x = down(x)
        for i, (up, norm) in enumerate(zip(self.up, self.norm, strict=True)):
            x = norm(up(x, output_size=sizes.pop()))
            x = x if i == LAYERS - 1 else self.act(x)
        return x
