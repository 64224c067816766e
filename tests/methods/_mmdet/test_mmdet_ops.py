"""Operations under mmcv's names: a plain-torch reference, offsets of another size, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from benchmark.core.errors import MissingExtraError

pytestmark = pytest.mark.models
pytest.importorskip("mmdet", reason="needs the extra glip")


def reference(x: Any, offset: Any, mask: Any, weight: Any, bias: Any, stride: int) -> Any:
    """Deformable convolution, kernel 3, padding 1, by bilinear sampling of the padded image."""
    import torch
    from torch.nn.functional import grid_sample, pad

    n, c, h, w = x.shape
    oh, ow = ((side - 1) // stride + 1 for side in (h, w))
    ky, kx = torch.meshgrid(torch.arange(3), torch.arange(3), indexing="ij")
    shift = offset.view(n, 9, 2, oh, ow)
    y = shift[:, :, 0] + ky.reshape(1, 9, 1, 1) + torch.arange(oh).view(1, 1, oh, 1) * stride - 1
    z = shift[:, :, 1] + kx.reshape(1, 9, 1, 1) + torch.arange(ow).view(1, 1, 1, ow) * stride - 1
    grid = torch.stack((2 * (z + 1) / (w + 1) - 1, 2 * (y + 1) / (h + 1) - 1), -1).reshape(n, 9 * oh, ow, 2)
    columns = grid_sample(pad(x, (1, 1, 1, 1)), grid, align_corners=True).view(n, c, 9, oh, ow) * mask[:, None]
    return torch.einsum("ock,nckhw->nohw", weight.flatten(2), columns) + bias.view(1, -1, 1, 1)


@pytest.mark.parametrize(("stride", "height", "width"), [(1, 9, 12), (2, 9, 12), (1, 1, 5), (2, 16, 7)])
def test_deformable_convolution_and_its_gradients(stride: int, height: int, width: int) -> None:
    import torch

    from methods._mmdet.ops import modulated_deform_conv2d

    torch.manual_seed(stride)
    out = [(side - 1) // stride + 1 for side in (height, width)]
    values = [
        torch.randn(2, 8, height, width),
        torch.randn(2, 18, *out) * 2,
        torch.rand(2, 9, *out),
        torch.randn(4, 8, 3, 3),
        torch.randn(4),
    ]
    ours, theirs = ([value.clone().requires_grad_() for value in values] for _ in range(2))
    x, offset, mask, weight, bias = ours
    left = modulated_deform_conv2d(x, offset, mask, weight, bias, stride=stride, padding=1)
    x, offset, mask, weight, bias = theirs
    right = reference(x, offset, mask, weight, bias, stride)
    torch.testing.assert_close(left, right, atol=1e-4, rtol=1e-4)
    left.square().sum().backward()
    right.square().sum().backward()
    for one, two in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one.grad, two.grad, atol=2e-3, rtol=1e-3)


def test_offsets_of_a_finer_level_are_read_from_the_start_of_their_memory() -> None:
    import torch

    from methods._mmdet.ops import as_if, modulated_deform_conv2d

    fine = torch.arange(2 * 18 * 8 * 8, dtype=torch.float).view(2, 18, 8, 8) / 2000
    read = as_if(fine, 18, (4, 4))
    assert read.flatten(1).tolist() == fine.flatten(1)[:, : 18 * 16].tolist()
    assert as_if(fine, 18, (8, 8)) is fine
    x, weight, bias = torch.randn(2, 4, 4, 4), torch.randn(4, 4, 3, 3), torch.zeros(4)
    mask = torch.rand(2, 9, 8, 8)
    torch.testing.assert_close(
        modulated_deform_conv2d(x, fine, mask, weight, bias, stride=1, padding=1),
        reference(x, read, as_if(mask, 9, (4, 4)), weight, bias, 1),
        atol=1e-4,
        rtol=1e-4,
    )


def test_suppression_keeps_the_best_of_boxes_that_overlap() -> None:
    import torch

    from methods._mmdet.ops import nms

    boxes = torch.tensor([[0, 0, 10, 10], [1, 1, 11, 11], [20, 20, 30, 30]], dtype=torch.float)
    assert nms(boxes, torch.tensor([0.5, 0.9, 0.1]), 0.5).tolist() == [1, 2]
    assert nms(boxes[:0], torch.zeros(0), 0.5).tolist() == []
    touching = torch.tensor([[0, 0, 1, 1], [0, 0, 1, 2]], dtype=torch.float)
    assert nms(touching, torch.tensor([0.9, 0.8]), 0.6).tolist() == [0, 1]  # 1 of 2
    assert nms(touching, torch.tensor([0.9, 0.8]), 0.6, offset=1).tolist() == [0]  # 4 of 6 with the last pixel


def test_other_operations_say_what_they_need() -> None:
    from methods._mmdet.library import prepare

    assert prepare() == "torchvision"
    import torch
    from mmcv.ops import RoIAlign

    with pytest.raises(MissingExtraError, match="the operation roi_align_forward of a compiled mmcv is not installed"):
        RoIAlign((2, 2))(torch.zeros(1, 3, 8, 8), torch.zeros(1, 5))


def test_a_missing_library_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from methods._mmdet import library

    library.prepare()
    for missing in ("mmcv", "mmdet.models"):
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, missing, None)
            with pytest.raises(MissingExtraError, match=r"mm\S+ is not installed: pip install 'rtvp-bench\[glip\]'"):
                library.prepare.__wrapped__()
