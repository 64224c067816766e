"""Masks of boxes by Mobile-SAM, with the library's layers and the released weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from benchmark.core.errors import RecordError
from benchmark.core.weights import ReleasedWeights
from methods._torch.released import read_released

_SIDE_PX = 1024
_MEAN, _STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
_AT_ONCE = 32
"""boxes decoded together"""


def load_mobile_sam(weights: ReleasedWeights, device: str) -> Any:
    """The library's model with the released weights. Raises MissingWeightsError, RecordError where they do not fit."""
    from ultralytics.models.sam.build import build_mobile_sam

    tensors = read_released(weights)
    model: Any = build_mobile_sam()
    kept = {name: value for name, value in tensors.items() if not name.endswith("attention_bias_idxs")}
    try:
        unknown = model.load_state_dict(kept, strict=False)
    except RuntimeError as error:
        raise RecordError(f"{weights.path}: does not fit Mobile-SAM: {str(error).splitlines()[-1].strip()}") from error
    absent = [name for name in unknown.missing_keys if not name.endswith("attention_bias_idxs")]
    if absent or unknown.unexpected_keys:
        first = (absent or unknown.unexpected_keys)[0]
        raise RecordError(f"{weights.path}: does not fit Mobile-SAM: {first} is not in both the file and the model")
    return model.to(device).eval().requires_grad_(False)


def masks_of(model: Any, image: NDArray[np.uint8], xyxy: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Masks (N, H, W) of boxes (N, 4) in pixels of a uint8 (H, W, 3) RGB image: per box the model's best one."""
    if not len(xyxy):
        return np.zeros((0, *image.shape[:2]), bool)
    masks: NDArray[np.bool_] = mask_logits(model, image, xyxy).cpu().numpy() > 0
    return masks


@torch.inference_mode()
def mask_logits(model: Any, image: NDArray[np.uint8], xyxy: NDArray[np.float32]) -> torch.Tensor:
    """Mask logits (N, H, W) of boxes (N, 4) in pixels of the image: above 0 inside the mask."""
    height, width = image.shape[:2]
    device = next(model.parameters()).device
    pixels, small_hw = _prepare(image)
    features = model.image_encoder(pixels.to(device))
    scale = torch.tensor([small_hw[1] / width, small_hw[0] / height] * 2, device=device)
    boxes = torch.from_numpy(np.asarray(xyxy, np.float32)).to(device) * scale
    parts = []
    for start in range(0, len(boxes), _AT_ONCE):
        sparse, dense = model.prompt_encoder(points=None, boxes=boxes[start : start + _AT_ONCE], masks=None)
        low, _ = model.mask_decoder(
            image_embeddings=features,
            image_pe=model.prompt_encoder.get_dense_pe(),
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense,
            multimask_output=False,
        )
        whole = F.interpolate(low, (_SIDE_PX, _SIDE_PX), mode="bilinear", align_corners=False)
        inside = whole[..., : small_hw[0], : small_hw[1]]
        parts.append(F.interpolate(inside, (height, width), mode="bilinear", align_corners=False)[:, 0])
    return torch.cat(parts)


def _prepare(image: NDArray[np.uint8]) -> tuple[torch.Tensor, tuple[int, int]]:
    """Pixels (1, 3, 1024, 1024), longer side resized to 1024 and zero-padded; height and width of the image in them."""
    height, width = image.shape[:2]
    share = _SIDE_PX / max(height, width)
    small_hw = max(1, round(height * share)), max(1, round(width * share))
    pixels = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))[None].float()
    pixels = F.interpolate(pixels, small_hw, mode="bilinear", align_corners=False, antialias=True)
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (_MEAN, _STD))
    padding = (0, _SIDE_PX - small_hw[1], 0, _SIDE_PX - small_hw[0])
    return F.pad((pixels - mean) / std, padding), small_hw
