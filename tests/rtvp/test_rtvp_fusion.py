"""X = C + gamma ConvBN(V) against a loop, and gamma's start at zero."""

import math

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402  # after the skip

from rtvp.fusion import Fusion  # noqa: E402
from tests.rtvp.gradients import has_gradient  # noqa: E402

pytestmark = pytest.mark.models


def test_the_sum_equals_the_formula() -> None:
    torch.manual_seed(0)
    fusion = Fusion(3, gamma_init=0.7).eval()
    assert fusion.project is not None
    conv, norm = fusion.project
    assert isinstance(conv, nn.Conv2d)
    assert isinstance(norm, nn.BatchNorm2d)
    mean, variance = norm.get_buffer("running_mean"), norm.get_buffer("running_var")
    nn.init.normal_(mean)
    nn.init.normal_(norm.bias)
    c, v, ones = torch.randn(1, 3, 2, 2), torch.randn(1, 3, 2, 2), torch.ones(1, 1, 2, 2)
    got = fusion(c, v, ones)
    for o in range(3):
        for y in range(2):
            for x in range(2):
                projected = sum(conv.weight[o, i, 0, 0].item() * v[0, i, y, x].item() for i in range(3))
                scale = norm.weight[o].item() / math.sqrt(variance[o].item() + norm.eps)
                normed = (projected - mean[o].item()) * scale + norm.bias[o].item()
                assert got[0, o, y, x].item() == pytest.approx(c[0, o, y, x].item() + 0.7 * normed, abs=1e-5)


@pytest.mark.parametrize("kind", ["add", "multiply"])
def test_it_starts_as_the_plain_detector_and_gamma_learns(kind: str) -> None:
    torch.manual_seed(0)
    fusion = Fusion(4, kind)
    c, v, attention = torch.randn(2, 4, 3, 3), torch.randn(2, 4, 3, 3), torch.rand(2, 1, 3, 3)
    out = fusion(c, v, attention)
    assert torch.equal(out, c)
    (out * torch.randn_like(out)).sum().backward()
    assert has_gradient(fusion.gamma)
    assert fusion.gamma.ndim == 1


def test_multiply_equals_the_formula() -> None:
    fusion = Fusion(2, "multiply", gamma_init=0.5)
    c, attention = torch.full((1, 2, 1, 1), 3.0), torch.full((1, 1, 1, 1), 0.4)
    assert fusion(c, c, attention).flatten().tolist() == pytest.approx([3.0 * (1 + 0.5 * 0.4)] * 2)
