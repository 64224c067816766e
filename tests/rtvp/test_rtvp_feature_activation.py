"""CIoU and its loss against loops written from the formulas; the auxiliary head's boxes."""

import math

import pytest

torch = pytest.importorskip("torch")
from torch import Tensor  # noqa: E402  # after the skip
from ultralytics.utils.metrics import bbox_iou  # noqa: E402

from rtvp.feature_activation import (  # noqa: E402
    ActivationHead,
    activation_loss,
    cell_centres_px,
    centre_assignment,
)

pytestmark = pytest.mark.models


def loop_ciou(a: list[float], b: list[float]) -> float:
    """Complete IoU of two xyxy boxes."""
    width = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    sizes = [(box[2] - box[0], box[3] - box[1]) for box in (a, b)]
    iou = width * height / (sizes[0][0] * sizes[0][1] + sizes[1][0] * sizes[1][1] - width * height)
    diagonal = (max(a[2], b[2]) - min(a[0], b[0])) ** 2 + (max(a[3], b[3]) - min(a[1], b[1])) ** 2
    distance = ((a[0] + a[2] - b[0] - b[2]) / 2) ** 2 + ((a[1] + a[3] - b[1] - b[3]) / 2) ** 2
    angle = math.atan(sizes[1][0] / sizes[1][1]) - math.atan(sizes[0][0] / sizes[0][1])
    v = 4 / math.pi**2 * angle**2
    return iou - distance / diagonal - v * v / (1 - iou + v)


def boxes(count: int) -> Tensor:
    """Random xyxy boxes between 1 and 100 px."""
    corner, size = torch.rand(count, 2) * 60, torch.rand(count, 2) * 39 + 1
    made: Tensor = torch.cat([corner, corner + size], dim=1)
    return made


def test_one_box_costs_one_minus_its_ciou() -> None:
    torch.manual_seed(0)
    a, b = boxes(50), boxes(50)
    want = [1 - loop_ciou(p, q) for p, q in zip(a.tolist(), b.tolist(), strict=True)]
    one = torch.ones(1, 1)
    got = torch.stack([activation_loss(p[None, None], q[None, None], one) for p, q in zip(a, b, strict=True)])
    assert torch.allclose(got, torch.tensor(want), atol=1e-6)
    assert torch.allclose(1 - got, bbox_iou(a, b, xywh=False, CIoU=True).squeeze(1), atol=1e-6)


def test_the_loss_is_a_weighted_mean() -> None:
    torch.manual_seed(0)
    predicted, targets = boxes(12).view(2, 6, 4), boxes(12).view(2, 6, 4)
    weights = torch.rand(2, 6) * (torch.rand(2, 6) > 0.3)
    total = sum(
        weights[b, i].item() * (1 - loop_ciou(predicted[b, i].tolist(), targets[b, i].tolist()))
        for b in range(2)
        for i in range(6)
    )
    want = total / max(1.0, weights.sum().item())
    assert activation_loss(predicted, targets, weights).item() == pytest.approx(want, abs=1e-5)


def test_no_box_costs_nothing() -> None:
    predicted = boxes(3).view(1, 3, 4).requires_grad_()
    loss = activation_loss(predicted, torch.zeros(1, 3, 4), torch.zeros(1, 3))
    assert loss.item() == 0
    loss.backward()


def test_a_cell_answers_for_the_smallest_box_around_its_centre() -> None:
    centres = torch.tensor([[4.0, 4.0], [12.0, 4.0], [28.0, 4.0]])
    around, inner = [0.0, 0.0, 16.0, 16.0], [0.0, 0.0, 8.0, 8.0]
    targets, weights = centre_assignment(centres, torch.tensor([inner, around]), torch.tensor([1.0, 1.0]), 2)
    assert weights.tolist() == [[0, 0, 0], [1, 1, 0]]
    assert targets[1, 0].tolist() == inner
    assert targets[1, 1].tolist() == around


def test_boxes_are_the_expected_distances_from_the_cells_centres() -> None:
    torch.manual_seed(0)
    head = ActivationHead((4, 4, 4)).eval()
    levels = [torch.randn(1, 4, 64 // stride, 96 // stride) for stride in (8, 16, 32)]
    with torch.no_grad():
        got = head(levels)[0]
        raw = [branch(v)[0] for branch, v in zip(head.branches, levels, strict=True)]
    row = 0
    for logits, stride in zip(raw, (8, 16, 32), strict=True):
        for y in range(64 // stride):
            for x in range(96 // stride):
                sides = []
                for side in range(4):
                    exps = [math.exp(v) for v in logits[16 * side : 16 * side + 16, y, x].tolist()]
                    sides.append(stride * sum(k * e for k, e in enumerate(exps)) / sum(exps))
                cx, cy = (x + 0.5) * stride, (y + 0.5) * stride
                want = [cx - sides[0], cy - sides[1], cx + sides[2], cy + sides[3]]
                assert got[row].tolist() == pytest.approx(want, abs=1e-2)
                row += 1
    assert row == len(got) == len(cell_centres_px(levels)[0])
