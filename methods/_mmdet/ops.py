"""Supplies the two compiled operations that GLIP needs from torchvision, because the packaged mmcv has none."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torchvision import ops

from benchmark.core.errors import MissingExtraError

Pair = Sequence[int]


def supply() -> str:
    """Install the operations where mmcv looks for its own; returns which are used, `compiled` or `torchvision`.

    Call before mmcv.ops is imported. Any other operation raises MissingExtraError when it is called.
    """
    try:
        import mmcv._ext
    except ImportError:
        extension = _Extension("mmcv._ext")
    else:
        return "compiled"
    extension.__spec__ = type(ops.__spec__)("mmcv._ext", None)  # mmcv checks that there is one
    extension.nms = nms  # type: ignore[attr-defined]  # a module made here
    sys.modules["mmcv._ext"] = extension
    import mmcv.ops
    from mmcv.ops import modulated_deform_conv

    modulated_deform_conv.modulated_deform_conv2d = modulated_deform_conv2d
    mmcv.ops.modulated_deform_conv2d = modulated_deform_conv2d
    return "torchvision"


class _Extension(types.ModuleType):
    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)

        def missing(*_: Any, **__: Any) -> None:
            raise MissingExtraError(f"the operation {name} of a compiled mmcv", "glip")

        return missing


def nms(boxes: torch.Tensor, scores: torch.Tensor, iou_threshold: float, offset: int = 0) -> torch.Tensor:
    """Rows of boxes (N, 4) that NMS keeps, best first. offset: added to the sides in pixels, as old frameworks did."""
    wider = boxes.clone()
    wider[:, 2:] += offset
    kept: torch.Tensor = ops.nms(wider, scores, iou_threshold)
    return kept


def modulated_deform_conv2d(  # noqa: PLR0913, PLR0917  # mmcv's signature
    features: torch.Tensor,
    offset: torch.Tensor,
    mask: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None = None,
    stride: int | Pair = 1,
    padding: int | Pair = 0,
    dilation: int | Pair = 1,
    groups: int = 1,  # noqa: ARG001  # torchvision reads it off the weight's shape
    deform_groups: int = 1,
) -> torch.Tensor:
    """Deformable convolution with a mask (Zhu et al., 2019): features (B, C, H, W) to (B, weight rows, H', W')."""
    strides, paddings, dilations = _pair(stride), _pair(padding), _pair(dilation)
    kernel = weight.shape[-2:]
    size = tuple(
        (side + 2 * p - d * (k - 1) - 1) // s + 1
        for side, k, s, p, d in zip(features.shape[-2:], kernel, strides, paddings, dilations, strict=True)
    )
    points = deform_groups * kernel[0] * kernel[1]
    dtype = offset.dtype
    result: torch.Tensor = ops.deform_conv2d(
        features.to(dtype),
        as_if(offset, 2 * points, size),
        weight.to(dtype),
        None if bias is None else bias.to(dtype),
        stride=tuple(strides),
        padding=tuple(paddings),
        dilation=tuple(dilations),
        mask=as_if(mask.to(dtype), points, size),
    )
    return result


def as_if(values: torch.Tensor, channels: int, size: Sequence[int]) -> torch.Tensor:
    """Values (B, C, H, W) reinterpreted as (B, channels, *size): per image the first ones in memory.

    GLIP passes the offsets of a finer level to the convolution of a coarser one, and mmcv's kernels do not compare
    sizes. Its weights were trained this way, so it is part of the model.
    """
    if tuple(values.shape[-2:]) == tuple(size):
        return values
    flat = values.reshape(len(values), -1)
    return flat[:, : channels * size[0] * size[1]].reshape(len(values), channels, *size)


def _pair(value: int | Pair) -> Pair:
    return (value, value) if isinstance(value, int) else value
