"""Eq. 2 against loops over output cells, and the shapes of the other readings of its one sentence."""

import math

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402  # after the skip

from rtvp.mask_decoder import build_decoder  # noqa: E402

pytestmark = pytest.mark.models
Planes = list[list[list[float]]]
KINDS = ("pairs", "pairs4", "stacked", "hourglass", "depthwise")


def loop_conv(x: Planes, weight: list[Planes]) -> Planes:
    """3x3 convolution, stride 1, zero padding 1: x [C][H][W], weight [O][C][3][3]."""
    channels, height, width = len(x), len(x[0]), len(x[0][0])
    out = [[[0.0] * width for _ in range(height)] for _ in weight]
    for o in range(len(weight)):
        for y in range(height):
            for z in range(width):
                for c in range(channels):
                    for i in range(3):
                        for j in range(3):
                            a, b = y + i - 1, z + j - 1
                            if 0 <= a < height and 0 <= b < width:
                                out[o][y][z] += x[c][a][b] * weight[o][c][i][j]
    return out


def loop_deconv(x: Planes, weight: list[Planes]) -> Planes:
    """3x3 transposed convolution, stride 1, padding 1: every input cell spreads; weight [C][O][3][3]."""
    height, width = len(x[0]), len(x[0][0])
    outputs = len(weight[0])
    out = [[[0.0] * width for _ in range(height)] for _ in range(outputs)]
    for c in range(len(x)):
        for y in range(height):
            for z in range(width):
                for o in range(outputs):
                    for i in range(3):
                        for j in range(3):
                            a, b = y + i - 1, z + j - 1
                            if 0 <= a < height and 0 <= b < width:
                                out[o][a][b] += x[c][y][z] * weight[c][o][i][j]
    return out


def loop_norm(x: Planes, norm: nn.BatchNorm2d, *, act: bool) -> Planes:
    """Batch norm with its running statistics, then SiLU."""
    out = []
    for c, plane in enumerate(x):
        mean, var = norm.get_buffer("running_mean")[c].item(), norm.get_buffer("running_var")[c].item()
        scale = norm.weight[c].item() / math.sqrt(var + norm.eps)
        rows = [[(v - mean) * scale + norm.bias[c].item() for v in row] for row in plane]
        out.append([[v / (1 + math.exp(-v)) for v in row] for row in rows] if act else rows)
    return out


def test_the_default_equals_three_convolutions_and_deconvolutions_in_loops() -> None:
    torch.manual_seed(0)
    decoder = build_decoder("pairs", 2).eval()
    for module in decoder.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.get_buffer("running_mean"))
            nn.init.uniform_(module.get_buffer("running_var"), 0.5, 2.0)
            nn.init.normal_(module.weight)
            nn.init.normal_(module.bias)
    feature = torch.randn(1, 2, 4, 5)
    x = feature[0].tolist()
    assert isinstance(decoder, nn.Sequential)
    for index, block in enumerate(decoder):
        assert isinstance(block, nn.Sequential)
        conv, norm = block[0], block[1]
        assert isinstance(norm, nn.BatchNorm2d)
        convolve = loop_conv if index % 2 == 0 else loop_deconv
        x = loop_norm(convolve(x, conv.get_parameter("weight").tolist()), norm, act=index < 5)
    with torch.no_grad():
        got = decoder(feature)[0]
    assert torch.allclose(got, torch.tensor(x), atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(20, 20), (11, 20), (2, 2)])
def test_every_reading_keeps_the_shape_of_the_experts_map(kind: str, size: tuple[int, int]) -> None:
    feature = torch.randn(2, 16, *size)
    decoded = build_decoder(kind, 16)(feature)
    assert decoded.shape == feature.shape
    assert decoded.min() < -0.5  # no activation at the end: SiLU never goes below -0.28


def test_the_width_inside_can_be_narrower() -> None:
    feature = torch.randn(2, 16, 8, 8)
    narrow, full = build_decoder("pairs", 16, 8), build_decoder("pairs", 16)
    assert narrow(feature).shape == feature.shape
    assert sum(p.numel() for p in narrow.parameters()) < sum(p.numel() for p in full.parameters())


@pytest.mark.parametrize(("kind", "millions"), [("pairs", 18.6), ("pairs4", 25.8)])
def test_parameters_are_those_of_the_budget(kind: str, millions: float) -> None:
    decoders = [build_decoder(kind, c) for c in (128, 256, 512)]
    count = sum(p.numel() for d in decoders for p in d.parameters())
    assert count / 1e6 == pytest.approx(millions, abs=0.15)
