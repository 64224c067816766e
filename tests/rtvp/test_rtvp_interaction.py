"""Eq. 7 against loops written from the formula, and against the block that the network uses."""

import math

import pytest

torch = pytest.importorskip("torch")
from ultralytics.nn.modules.block import MaxSigmoidAttnBlock  # noqa: E402  # after the skip

from rtvp.interaction import max_sigmoid_attention, plain_neck  # noqa: E402

pytestmark = pytest.mark.models


def test_the_attention_equals_the_formula() -> None:
    torch.manual_seed(0)
    feature, text, bias = torch.randn(2, 2, 4, 3, 3), torch.randn(2, 5, 2, 4), torch.randn(2)
    got = max_sigmoid_attention(feature, text, bias)
    for b in range(2):
        for m in range(2):
            for y in range(3):
                for x in range(3):
                    products = [
                        sum(feature[b, m, d, y, x].item() * text[b, n, m, d].item() for d in range(4)) for n in range(5)
                    ]
                    want = 1 / (1 + math.exp(-(max(products) / math.sqrt(4) + bias[m].item())))
                    assert got[b, m, y, x].item() == pytest.approx(want, abs=1e-5)


def test_the_networks_block_is_this_formula() -> None:
    torch.manual_seed(0)
    block = MaxSigmoidAttnBlock(64, 64, nh=2, ec=64, gc=512).eval()
    torch.nn.init.normal_(block.bias)
    image, texts = torch.randn(2, 64, 6, 7), torch.randn(2, 9, 512)
    with torch.no_grad():
        guide = block.gl(texts).view(2, 9, 2, 32)
        attention = max_sigmoid_attention(image.view(2, 2, 32, 6, 7), guide, block.bias)
        want = (block.proj_conv(image).view(2, 2, 32, 6, 7) * attention.unsqueeze(2)).view(2, 64, 6, 7)
        assert torch.allclose(block(image, texts), want, atol=1e-5)


def test_the_plain_neck_keeps_the_contrastive_head() -> None:
    yolov8 = {"backbone": ["b"], "head": [["up"], [[15, 18, 21], 1, "Detect", ["nc"]]]}
    world = {"backbone": ["b"], "head": [["attn"], [[15, 19, 22], 1, "WorldDetect", ["nc", 512, False]]]}
    assert plain_neck(yolov8, world)["head"] == [["up"], [[15, 18, 21], 1, "WorldDetect", ["nc", 512, False]]]
