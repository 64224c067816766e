"""Eq. 4 and 5 against loops written from the formulas."""

import math

import pytest

torch = pytest.importorskip("torch")
from rtvp.uncertainty_scorer import CBAMScorer, SimAMScorer, build_scorer  # noqa: E402  # after the skip
from tests.rtvp.gradients import has_gradient  # noqa: E402

Rows = list[list[float]]

pytestmark = pytest.mark.models


def sigmoid(value: float) -> float:
    """As in the formula."""
    return 1 / (1 + math.exp(-value))


def loop_channel(x: list[Rows], w0: Rows, w1: Rows) -> list[float]:
    """A_c: a weight a channel from its average and its maximum through one shared perceptron."""
    positions = [[v for row in plane for v in row] for plane in x]
    pooled = ([sum(p) / len(p) for p in positions], [max(p) for p in positions])
    out = []
    for c in range(len(x)):
        total = 0.0
        for vector in pooled:
            hidden = [max(0.0, sum(w * v for w, v in zip(row, vector, strict=True))) for row in w0]
            total += sum(w * h for w, h in zip(w1[c], hidden, strict=True))
        out.append(sigmoid(total))
    return out


def loop_spatial(x: list[Rows], kernel: list[Rows]) -> Rows:
    """A_s: a 7x7 convolution over the channels' mean and maximum."""
    height, width = len(x[0]), len(x[0][0])
    maps = [
        [[sum(p[i][j] for p in x) / len(x) for j in range(width)] for i in range(height)],
        [[max(p[i][j] for p in x) for j in range(width)] for i in range(height)],
    ]
    out = [[0.0] * width for _ in range(height)]
    for i in range(height):
        for j in range(width):
            total = 0.0
            for m in range(2):
                for a in range(7):
                    for b in range(7):
                        y, z = i + a - 3, j + b - 3
                        if 0 <= y < height and 0 <= z < width:
                            total += kernel[m][a][b] * maps[m][y][z]
            out[i][j] = sigmoid(total)
    return out


def test_the_score_equals_the_formula() -> None:
    torch.manual_seed(0)
    scorer = CBAMScorer(32)
    feature = torch.randn(1, 32, 5, 6)
    x = feature[0].tolist()
    weights = loop_channel(x, scorer.channel.w0.weight.tolist(), scorer.channel.w1.weight.tolist())
    activated = [[[v * a for v in row] for row in plane] for plane, a in zip(x, weights, strict=True)]
    want = loop_spatial(activated, scorer.spatial.conv.weight[0].tolist())
    got = scorer(feature)
    assert got.shape == (1, 1, 5, 6)
    assert torch.allclose(got[0, 0], torch.tensor(want), atol=1e-5)


def test_the_parameter_free_score_equals_its_energy() -> None:
    torch.manual_seed(0)
    feature = torch.randn(1, 3, 4, 5)
    want = [[0.0] * 5 for _ in range(4)]
    for plane in feature[0].tolist():
        values = [v for row in plane for v in row]
        mean = sum(values) / 20
        variance = sum((v - mean) ** 2 for v in values) / 19
        for i in range(4):
            for j in range(5):
                energy = (plane[i][j] - mean) ** 2 / (4 * (variance + 1e-4)) + 0.5
                want[i][j] += sigmoid(energy) / 3
    scorer = SimAMScorer()
    assert torch.allclose(scorer(feature)[0, 0], torch.tensor(want), atol=1e-5)
    assert not list(scorer.parameters())


def test_parameters_of_three_levels_are_those_of_the_budget() -> None:
    scorers = [build_scorer("cbam", c) for c in (128, 256, 512)]
    count = sum(p.numel() for scorer in scorers for p in scorer.parameters())
    assert count / 1e6 == pytest.approx(0.043, abs=0.001)


@pytest.mark.parametrize("kind", ["cbam", "simam"])
def test_scores_lie_between_zero_and_one_and_pass_gradients(kind: str) -> None:
    torch.manual_seed(0)
    feature = torch.randn(2, 16, 8, 8, requires_grad=True)
    scores = build_scorer(kind, 16)(feature)
    assert scores.min() > 0
    assert scores.max() < 1
    scores.sum().backward()
    assert has_gradient(feature)
