"""The centre-point stand-in: targets, loss and peaks against plain loops."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from benchmark.core.plugins import load_adapter

pytestmark = pytest.mark.models


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BENCH_HOME", str(tmp_path_factory.mktemp("home")))
        from methods._ultralytics.library import prepare

        prepare()
        yield


def build(classes: int = 3) -> Any:
    module: Any = load_adapter("steel-det")
    return module.Adapter(module.Config(), device="cpu").build_model(classes)


def overlap(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    w, h = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    inter = max(w, 0) * max(h, 0)
    return inter / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - inter)


@pytest.mark.parametrize("size", [(10.0, 10.0), (30.0, 4.0), (3.0, 25.0), (40.0, 33.0)])
def test_corners_may_move_by_the_radius_and_no_further(size: tuple[float, float]) -> None:
    from methods.steel_det.loss import radius

    w, h = size
    r = radius(w, h)
    ways: list[Callable[[float], float]] = [
        lambda d: overlap((0, 0, w, h), (d, d, w + d, h + d)),
        lambda d: overlap((0, 0, w, h), (d, d, w - d, h - d)),
        lambda d: overlap((0, 0, w, h), (-d, -d, w + d, h + d)),
    ]
    assert min(way(r) for way in ways) == pytest.approx(0.7, abs=1e-9)


def test_the_loss_is_that_of_the_paper() -> None:
    import torch

    from methods.steel_det.loss import CentreLoss, radius

    torch.manual_seed(0)
    model = build()
    maps = torch.randn(2, 7, 16, 16, requires_grad=True)
    boxes = torch.tensor([[0.3, 0.4, 0.5, 0.4], [0.35, 0.42, 0.6, 0.5], [0.999, 0.5, 0.05, 0.1]])
    batch = {
        "img": torch.zeros(2, 3, 64, 64),
        "batch_idx": torch.tensor([0, 0, 1]),
        "cls": torch.tensor([[1], [1], [2]]),
        "bboxes": boxes,
    }
    total, items = CentreLoss(model.model[-1])([maps], batch)
    heat = np.zeros((2, 3, 16, 16))
    size = offset = 0.0
    for (x, y, w, h), image, label in zip((boxes * 16).tolist(), (0, 0, 1), (1, 1, 2), strict=True):
        row, column = int(y), int(x)
        r = int(radius(w, h))
        sigma = (2 * r + 1) / 6
        for i in range(max(0, row - r), min(16, row + r + 1)):
            for j in range(max(0, column - r), min(16, column + r + 1)):
                value = math.exp(-((i - row) ** 2 + (j - column) ** 2) / (2 * sigma**2))
                heat[image, label, i, j] = max(heat[image, label, i, j], value)
        at = maps[image, 3:, row, column].tolist()
        size += abs(at[0] - w) + abs(at[1] - h)
        offset += abs(at[2] - (x - column)) + abs(at[3] - (y - row))
    wrong = 0.0
    for place in np.ndindex(*heat.shape):
        p, wanted_heat = 1 / (1 + math.exp(-float(maps[place].detach()))), float(heat[place])
        if wanted_heat == 1:
            wrong -= (1 - p) ** 2 * math.log(p)
        else:
            wrong -= (1 - wanted_heat) ** 4 * p**2 * math.log(1 - p)
    wanted = [wrong / 3, 0.1 * size / 3, offset / 3]
    np.testing.assert_allclose([float(v) for v in items.values()], wanted, rtol=1e-4)
    np.testing.assert_allclose(total.detach(), 2 * np.array(wanted), rtol=1e-4)
    total.sum().backward()


def test_peaks_become_boxes() -> None:
    import torch

    head = build().model[-1].eval()
    maps = torch.full((1, 7, 8, 8), -6.0)
    maps[0, 1, 2, 3], maps[0, 1, 2, 4], maps[0, 2, 6, 6] = 3.0, 2.0, 1.0
    maps[0, 3:, 2, 3] = torch.tensor([4.0, 2.0, 0.5, 0.25])
    maps[0, 3:, 6, 6] = torch.tensor([-1.0, 3.0, 0.0, 0.0])
    found = head._peaks(maps)[0]
    assert len(found) == 192
    score = 1 / (1 + math.exp(-3))
    np.testing.assert_allclose(
        found[0], [(3.5 - 2) * 4, (2.25 - 1) * 4, (3.5 + 2) * 4, (2.25 + 1) * 4, score, 1], rtol=1e-5
    )
    np.testing.assert_allclose(found[1][[0, 1, 2, 3, 5]], [24, 18, 24, 30, 2], rtol=1e-5)
    neighbour = 1 / (1 + math.exp(-2))
    assert not any(abs(float(s) - neighbour) < 1e-4 for s in found[:, 4])


def test_images_without_boxes_have_a_gradient() -> None:
    import torch

    model = build().train()
    batch = {"img": torch.rand(2, 3, 64, 64), "batch_idx": torch.zeros(0), "cls": torch.zeros(0, 1),
             "bboxes": torch.zeros(0, 4)}  # fmt: skip
    model.args = None
    total, items = model.loss(batch)
    assert float(items["size_loss"]) == float(items["offset_loss"]) == 0
    total.sum().backward()
    assert float(model.model[-1].branches[0][-1].weight.grad.abs().sum()) > 0


def test_deformable_convolutions_are_counted_as_convolutions() -> None:
    """The same network with plain convolutions in their place has as many operations."""
    import torch
    from torch import nn
    from torch.utils.flop_counter import FlopCounterMode
    from torchvision.ops import DeformConv2d

    module: Any = load_adapter("steel-det")
    adapter = module.Adapter(module.Config(image_side_px=64), device="cpu")
    model = adapter.build_model(3).eval()
    counted = adapter.gflops(model)

    class Plain(nn.Conv2d):
        def forward(self, x: Any, *_: Any) -> Any:
            return super().forward(x)

    for part in model.modules():
        for name, child in list(part.named_children()):
            if isinstance(child, DeformConv2d):
                setattr(part, name, Plain(child.in_channels, child.out_channels, 3, padding=1, bias=False))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(torch.zeros(1, 3, 64, 64))
    assert counted == counter.get_total_flops() / 1e9
    assert counted > 0.1


def test_offsets_that_are_no_numbers_do_not_break_the_process() -> None:
    import torch

    from methods.steel_det.network import Deformable

    assert Deformable(4, 4)(torch.full((1, 4, 8, 8), torch.nan)).shape == (1, 4, 8, 8)


def test_the_precision_is_the_models() -> None:
    module = load_adapter("steel-det")
    adapter: Any = module.Adapter(module.Config(image_side_px=64), device="cpu")
    adapter.build_random(0)
    assert adapter.precision() == "fp32"
    adapter._model.bfloat16()
    assert adapter.precision() == "bf16"
