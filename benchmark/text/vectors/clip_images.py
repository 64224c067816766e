"""The image encoder of CLIP ViT-B/32, with the same weights and embedding space as `clip_vit_b32`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmark.text.clip_vit_b32 import ENCODER, weights_folder

SIDE_PX = 224
MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
"""per channel, of CLIP's training images (Radford et al., ICML 2021)"""
BATCH = 32


def missing() -> str | None:
    """Which weights or package are missing and how to get them; None if the encoder is usable."""
    try:
        import torch  # noqa: F401
        import transformers  # noqa: F401
    except ModuleNotFoundError as error:
        return f"{error.name} is not installed: pip install 'rtvp-bench[models]'"
    return ENCODER.missing()


def encode_images(pictures: Sequence[Image.Image]) -> NDArray[np.float32]:
    """Embeddings (N, 512) float32 of RGB images at 224 x 224 px, rows of length 1. Raises MissingWeightsError."""
    import torch

    model = _model(weights_folder())
    rows = []
    for start in range(0, len(pictures), BATCH):
        with torch.no_grad():
            projected = model(pixel_values=torch.from_numpy(_pixels(pictures[start : start + BATCH]))).image_embeds
        rows.append(torch.nn.functional.normalize(projected, dim=-1).numpy().astype(np.float32))
    return np.concatenate(rows)


def _pixels(pictures: Sequence[Image.Image]) -> NDArray[np.float32]:
    """Network input (N, 3, 224, 224) float32, normalised with MEAN and STD."""
    small = [picture.resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC) for picture in pictures]
    values = np.stack([np.asarray(picture, np.float32) / 255 for picture in small])
    normalised = (values - np.array(MEAN, np.float32)) / np.array(STD, np.float32)
    return np.ascontiguousarray(normalised.transpose(0, 3, 1, 2))


@cache
def _model(folder: Path) -> Any:
    from transformers import CLIPVisionModelWithProjection
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    return CLIPVisionModelWithProjection.from_pretrained(str(folder), local_files_only=True).eval()
