"""Eq. 6 against loops over patches written from the formula."""

import math

import pytest

torch = pytest.importorskip("torch")
from torch.nn import functional as F  # noqa: E402  # after the skip

from rtvp.config import PromptConfig  # noqa: E402
from rtvp.sparse_sampling import SparseSampling, select  # noqa: E402

pytestmark = pytest.mark.models


def loop_select(scores: list[list[float]], cells: int, ratio: float, rule: str = "level_mean") -> list[list[int]]:
    """M of one image: scores is a list of rows."""
    height, width = len(scores), len(scores[0])
    level_mean = sum(map(sum, scores)) / (height * width)
    mask = [[0] * width for _ in range(height)]
    for top in range(0, height, cells):
        for left in range(0, width, cells):
            patch = [
                (y, x) for y in range(top, min(top + cells, height)) for x in range(left, min(left + cells, width))
            ]
            mean = sum(scores[y][x] for y, x in patch) / len(patch)
            if len(patch) == 1:
                mean = level_mean if rule == "level_mean" else -math.inf
            above = sorted(((scores[y][x], y, x) for y, x in patch if scores[y][x] > mean), reverse=True)
            for _, y, x in above[: math.ceil(ratio * len(patch))]:
                mask[y][x] = 1
    return mask


@pytest.mark.parametrize("cells", [1, 2, 3, 4, 8])
@pytest.mark.parametrize("ratio", [0.1, 0.25, 0.5, 1.0])
@pytest.mark.parametrize("size", [(8, 8), (5, 7)])
def test_the_selection_equals_the_formula(cells: int, ratio: float, size: tuple[int, int]) -> None:
    torch.manual_seed(cells)
    scores = torch.rand(2, 1, *size)
    mask, _ = select(scores, cells, ratio)
    for b in range(2):
        assert mask[b, 0].int().tolist() == loop_select(scores[b, 0].tolist(), cells, ratio)


def test_a_lone_cell_can_be_kept() -> None:
    torch.manual_seed(0)
    scores = torch.rand(1, 1, 5, 5)
    mask, _ = select(scores, 1, 0.25, "keep")
    assert mask.min() == 1
    ragged, _ = select(scores, 4, 0.25, "keep")
    assert ragged[0, 0].int().tolist() == loop_select(scores[0, 0].tolist(), 4, 0.25, "keep")


def test_all_above_the_mean_is_ratio_one() -> None:
    torch.manual_seed(0)
    scores = torch.rand(1, 1, 8, 8)
    mask, threshold = select(scores, 4, 1.0)
    assert torch.equal(mask, (scores > threshold).float())


def test_a_flat_patch_has_nothing_above_its_mean() -> None:
    mask, _ = select(torch.full((1, 1, 4, 4), 0.5), 2, 0.25)
    assert mask.sum() == 0


@pytest.mark.parametrize(("stride", "cells"), [(8, 4), (16, 2), (32, 1)])
def test_the_patch_is_measured_in_image_pixels(stride: int, cells: int) -> None:
    torch.manual_seed(0)
    scores = torch.rand(1, 1, 256 // stride, 256 // stride)
    mask = SparseSampling(stride, PromptConfig(patch_size=32))(scores)
    assert mask[0, 0].int().tolist() == loop_select(scores[0, 0].tolist(), cells, 0.25)


@pytest.mark.parametrize("patch", [8, 16])
def test_small_patches_select_at_stride_four_and_pool_back(patch: int) -> None:
    torch.manual_seed(0)
    scores = torch.rand(1, 1, 4, 4)
    mask = SparseSampling(32, PromptConfig(patch_size=patch))(scores)
    fine = F.interpolate(scores, scale_factor=8, mode="bilinear", align_corners=False)[0, 0].tolist()
    chosen = loop_select(fine, patch // 4, 0.25)
    want = [
        [max(chosen[y][x] for y in range(8 * i, 8 * i + 8) for x in range(8 * j, 8 * j + 8)) for j in range(4)]
        for i in range(4)
    ]
    assert mask[0, 0].int().tolist() == want


def test_the_mask_is_hard_and_straight_through_only_changes_the_gradient() -> None:
    torch.manual_seed(0)
    scores = torch.rand(1, 1, 8, 8, requires_grad=True)
    hard = SparseSampling(8, PromptConfig())(scores)
    soft = SparseSampling(8, PromptConfig(straight_through=True, straight_through_tau=0.5))(scores)
    assert not hard.requires_grad
    assert torch.allclose(hard, soft)
    soft.sum().backward()
    _, threshold = select(scores.detach(), 4, 0.25)
    s = torch.sigmoid((scores.detach() - threshold) / 0.5)
    assert torch.allclose(scores.grad, s * (1 - s) / 0.5, atol=1e-6)
