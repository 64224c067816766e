"""Text-visual interaction: maximum-sigmoid attention from the texts to the image (Eq. 7)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def max_sigmoid_attention(feature: Tensor, text: Tensor, bias: Tensor | None = None) -> Tensor:
    """A of Eq. 7, (B, m, H, W): sigmoid(max over texts of <X, W> / sqrt(d) + bias), one head at a time.

    feature: X split in heads (B, m, d, H, W); text: W split in heads (B, N, m, d); bias: (m,).
    The block then gives Y = A * Conv3x3(X), which is concatenated with the cross-stage features. The network uses
    ultralytics' own block; this is its formula in the open, and the tests hold the two equal.
    """
    scores = torch.einsum("bmdhw,bnmd->bnmhw", feature, text).amax(dim=1) / feature.shape[2] ** 0.5
    if bias is not None:
        scores = scores + bias[None, :, None, None]
    return torch.sigmoid(scores)


def plain_neck(yolov8: dict[str, Any], world: dict[str, Any]) -> dict[str, Any]:
    """The layer table without interaction: YOLOv8's PAN, whose three outputs go to YOLO-World's contrastive head.

    yolov8, world: layer tables with `backbone` and `head` lists of [from, repeats, module, arguments].
    """
    outputs = yolov8["head"][-1][0]
    _, repeats, module, arguments = world["head"][-1]
    return {**yolov8, "head": [*yolov8["head"][:-1], [outputs, repeats, module, arguments]]}
