"""The anchor-based head against plain loops written from its formulas, and the methods that were published with it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from benchmark.core.sample import Sample
from tests.methods._ultralytics.small_engine import NAMES, adapter_of

pytestmark = pytest.mark.models

METHODS = ("lf-yolo", "lite-yolo-id")


def head_of(classes: int = 3) -> Any:
    import torch

    from methods._ultralytics.anchor_head import COCO_ANCHORS_PX, AnchorHead

    torch.manual_seed(1)
    head = AnchorHead(classes, (4, 5, 6), COCO_ANCHORS_PX)
    head.stride = torch.tensor([8.0, 16.0, 32.0])
    return head


def maps_of(head: Any, batch: int = 2, side_px: int = 64) -> list[Any]:
    import torch

    levels = [torch.randn(batch, c, side_px // s, side_px // s) for c, s in zip((4, 5, 6), (8, 16, 32), strict=True)]
    head.train()
    maps: list[Any] = head(levels)
    return maps


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def decode(raw: Any, anchor: tuple[float, float], row: int, column: int, stride: float) -> list[float]:
    t = [sigmoid(float(v)) for v in raw[:4]]
    return [
        (2 * t[0] - 0.5 + column) * stride,
        (2 * t[1] - 0.5 + row) * stride,
        (2 * t[2]) ** 2 * anchor[0],
        (2 * t[3]) ** 2 * anchor[1],
    ]


def test_boxes_and_scores_are_decoded_by_the_formula() -> None:
    import torch

    from methods._ultralytics.anchor_head import COCO_ANCHORS_PX

    head = head_of()
    torch.manual_seed(2)
    levels = [torch.randn(1, c, 64 // s, 64 // s) for c, s in zip((4, 5, 6), (8, 16, 32), strict=True)]
    head.eval()
    with torch.no_grad():
        found, raw = head(levels)
    assert found.shape == (1, 7, 3 * (64 + 16 + 4))
    position = 0
    for level, maps in enumerate(raw):
        stride = 8 * 2**level
        for a, anchor in enumerate(COCO_ANCHORS_PX[level]):
            for row in range(maps.shape[2]):
                for column in range(maps.shape[3]):
                    cell = maps[0, a, row, column]
                    objectness = sigmoid(float(cell[4]))
                    wanted = decode(cell, anchor, row, column, stride)
                    wanted += [objectness * sigmoid(float(c)) for c in cell[5:]]
                    np.testing.assert_allclose(found[0, :, position].detach(), wanted, rtol=2e-4, atol=1e-4)
                    position += 1


def assigned_by_loop(level: int, boxes: Any, side_px: int) -> set[tuple[int, int, int, int]]:
    """(box, anchor, row, column) by the published rule."""
    from methods._ultralytics.anchor_head import COCO_ANCHORS_PX

    stride, grid = 8 * 2**level, side_px // (8 * 2**level)
    found = set()
    for b, (x, y, w, h) in enumerate(boxes.tolist()):
        for a, (aw, ah) in enumerate(COCO_ANCHORS_PX[level]):
            if max(w / aw, aw / w, h / ah, ah / h) >= 4:
                continue
            cx, cy = x / stride, y / stride
            column, row = int(cx), int(cy)
            found.add((b, a, row, column))
            if cx % 1 < 0.5 and cx > 1:
                found.add((b, a, row, column - 1))
            if cy % 1 < 0.5 and cy > 1:
                found.add((b, a, row - 1, column))
            if (grid - cx) % 1 < 0.5 and grid - cx > 1:
                found.add((b, a, row, column + 1))
            if (grid - cy) % 1 < 0.5 and grid - cy > 1:
                found.add((b, a, row + 1, column))
    return found


def boxes_px(count: int, side_px: int, seed: int) -> Any:
    import torch

    rng = np.random.default_rng(seed)
    sizes = rng.uniform(4, side_px * 0.9, (count, 2))
    centres = rng.uniform(1, side_px - 1, (count, 2))
    return torch.tensor(np.concatenate([centres, sizes], axis=1)).float()


@pytest.mark.parametrize("level", [0, 1, 2])
def test_boxes_go_to_the_anchors_and_cells_of_the_rule(level: int) -> None:
    head = head_of()
    boxes = boxes_px(40, 128, seed=level)
    grid = 128 // (8 * 2**level)
    which, anchor, row, column = head_loss(head).assign(level, (grid, grid), boxes)
    ours = set(zip(which.tolist(), anchor.tolist(), row.tolist(), column.tolist(), strict=True))
    assert len(ours) == len(which)
    assert ours == assigned_by_loop(level, boxes, 128)
    assert ours


def head_loss(head: Any) -> Any:
    from methods._ultralytics.anchor_head import AnchorLoss

    return AnchorLoss(head, (0.05, 1.0, 0.5))


def ciou(a: list[float], b: list[float]) -> float:
    """Zheng et al., AAAI 2020, equation 10; xywh."""
    ax, ay, aw, ah = a
    bx, by, bw, bh = b
    x = min(ax + aw / 2, bx + bw / 2) - max(ax - aw / 2, bx - bw / 2)
    y = min(ay + ah / 2, by + bh / 2) - max(ay - ah / 2, by - bh / 2)
    inter = max(x, 0) * max(y, 0)
    iou = inter / (aw * ah + bw * bh - inter)
    cw = max(ax + aw / 2, bx + bw / 2) - min(ax - aw / 2, bx - bw / 2)
    ch = max(ay + ah / 2, by + bh / 2) - min(ay - ah / 2, by - bh / 2)
    distance = ((ax - bx) ** 2 + (ay - by) ** 2) / (cw**2 + ch**2)
    v = 4 / math.pi**2 * (math.atan(bw / bh) - math.atan(aw / ah)) ** 2
    return iou - distance - v * v / (1 - iou + v)


def bce(logit: float, target: float) -> float:
    return max(logit, 0) - logit * target + math.log1p(math.exp(-abs(logit)))


def test_the_loss_is_the_published_one() -> None:
    import torch

    from methods._ultralytics.anchor_head import COCO_ANCHORS_PX

    head = head_of()
    maps = maps_of(head)
    boxes = boxes_px(6, 64, seed=5)
    image, label = torch.tensor([0, 0, 0, 1, 1, 1]), torch.tensor([0, 1, 2, 2, 1, 0])
    batch = {"img": torch.zeros(2, 3, 64, 64), "batch_idx": image, "cls": label[:, None], "bboxes": boxes / 64}
    total, items = head_loss(head)(maps, batch)
    box = objectness = classes = 0.0
    for level, raw in enumerate(maps):
        stride = 8 * 2**level
        chosen = assigned_by_loop(level, boxes, 64)
        targets: dict[tuple[int, int, int, int], float] = {}
        overlaps, wrong = [], []
        for b, a, row, column in chosen:
            cell = raw[image[b], a, row, column].detach()
            overlap = ciou(decode(cell, COCO_ANCHORS_PX[level][a], row, column, stride), boxes[b].tolist())
            overlaps.append(1 - overlap)
            place = (int(image[b]), a, row, column)
            targets[place] = max(targets.get(place, 0.0), overlap, 0.0)
            wrong += [bce(float(cell[5 + c]), float(c == int(label[b]))) for c in range(3)]
        box += float(np.mean(overlaps)) if overlaps else 0.0
        classes += float(np.mean(wrong)) if wrong else 0.0
        every = [bce(float(raw[place][4]), targets.get(place, 0.0)) for place in np.ndindex(*raw.shape[:4])]
        objectness += (4.0, 1.0, 0.4)[level] * float(np.mean(every))
    wanted = [0.05 * box, objectness * (64 / 640) ** 2, 0.5 * classes * 3 / 80]
    np.testing.assert_allclose([float(items[name]) for name in ("box_loss", "obj_loss", "cls_loss")], wanted, rtol=1e-4)
    np.testing.assert_allclose(total.detach(), 2 * np.array(wanted), rtol=1e-4)


def test_images_without_boxes_have_a_loss_with_a_gradient() -> None:
    import torch

    head = head_of(classes=1)
    maps = maps_of(head)
    empty = torch.zeros(0)
    batch = {"img": torch.zeros(2, 3, 64, 64), "batch_idx": empty, "cls": empty, "bboxes": torch.zeros(0, 4)}
    total, items = head_loss(head)(maps, batch)
    assert items["box_loss"] == items["cls_loss"] == 0
    total.sum().backward()
    assert all(float(conv.weight.grad.abs().sum()) > 0 for conv in head.convs)


@pytest.mark.parametrize(
    ("name", "classes", "millions"),
    [("lf-yolo", 8, 7.261), ("lf-yolo", 80, 7.428), ("lite-yolo-id", 5, 3.754), ("lite-yolo-id", 80, 3.956)],
)
def test_parameters_are_those_published(name: str, classes: int, millions: float) -> None:
    """LF-YOLO says 7.3 and 7.4 million; LiteYOLO-ID says 47.13 % fewer than YOLOv5s (7.1 million at five classes)."""
    model = adapter_of(name).build_model(classes)
    assert sum(p.numel() for p in model.parameters()) / 1e6 == pytest.approx(millions, abs=5e-4)


@pytest.mark.parametrize("head", ["anchors", "anchor-free"])
@pytest.mark.parametrize("name", METHODS)
def test_steps_lower_the_loss(name: str, head: str, samples: list[Sample], tmp_path: Any) -> None:
    events: list[Any] = []
    adapter = adapter_of(name, head=head, epochs=12, mosaic=0.0, lr0=1e-3, warmup_epochs=0.0)
    adapter.fit(samples, [], NAMES, 0, tmp_path, report=events.append)
    totals = [sum(v for k, v in event.items() if k.startswith("loss/")) for event in events]
    assert totals[-1] < 0.9 * totals[0]
