"""Trains with the library's losses, with names for classes, and distils CLIP's embeddings of proposals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from benchmark.core.errors import BenchError
from benchmark.core.images import read_sample
from benchmark.core.sample import Sample
from benchmark.text.vectors.clip_images import encode_images
from methods._torch.adapter import TrainingJob
from methods._torch.recipe import FineTuneRecipe
from methods._torch.trainer import EpochTrainer
from methods._transformers.images import not_too_narrow
from methods.vild.predict import as_tensor

DISTILLATION = 0.5
"""weight of the distillation beside the library's losses, each with weight 1 (the authors' settings)"""
WIDER = 1.5
"""CLIP embeds each proposal as it is and enlarged by this factor; both embeddings count equally"""


class Trainer(EpochTrainer):
    """Trains a model of `network.build`, whose texts are set, in place. regions: proposals to distil per image."""

    released_parts = ("backbone.body.",)

    def __init__(self, model: Any, recipe: FineTuneRecipe, regions: int, job: TrainingJob, device: str) -> None:
        super().__init__(model, recipe, job, device)
        self.regions = regions

    def learn(self, batch: Sequence[Sample], rng: np.random.Generator) -> dict[str, float]:
        """See EpochTrainer: one pass over the batch, padded to a common size as the library does it."""
        if self.recipe.init == "released":
            _keep_statistics(self.model.backbone.body)
        examples = [self._example(sample, rng) for sample in batch]
        pictures = [picture for picture, _ in examples]
        seen, targets = self.model.transform(
            [as_tensor(picture).to(self.device) for picture in pictures], [target for _, target in examples]
        )
        features = self.model.backbone(seen.tensors)
        proposals, losses = self.model.rpn(seen, features, targets)
        _, named = self.model.roi_heads(features, proposals, seen.image_sizes, targets)
        losses = {**losses, **named}
        if self.regions:
            losses["distillation"] = DISTILLATION * self._distil(features, proposals, seen.image_sizes, pictures)
        total = torch.stack(list(losses.values())).sum()
        if not bool(torch.isfinite(total)):
            raise BenchError(f"training: the loss is not finite at {batch[0].path}; lower lr0 or check its boxes")
        total.backward()
        return {name.removeprefix("loss_"): float(value.detach()) for name, value in losses.items()}

    def _distil(
        self,
        features: Any,
        proposals: Sequence[Tensor],
        sizes: Sequence[tuple[int, int]],
        pictures: Sequence[NDArray[np.uint8]],
    ) -> Tensor:
        """Equation 4 of the paper: mean L1 distance between the embeddings of proposals and CLIP's of their crops.

        proposals: xyxy in the resized image, best first; sizes: its height and width.
        """
        heads = self.model.roi_heads
        chosen = [boxes[: self.regions].detach() for boxes in proposals]
        taught = [
            teach(picture, boxes.cpu().numpy() * scale_to(picture, size))
            for picture, boxes, size in zip(pictures, chosen, sizes, strict=True)
        ]
        own = heads.box_predictor.embed(heads.box_head(heads.box_roi_pool(features, chosen, sizes)))
        return distance(own, torch.from_numpy(np.concatenate(taught)).to(own))

    def _example(self, sample: Sample, rng: np.random.Generator) -> tuple[NDArray[np.uint8], dict[str, Tensor]]:
        """An image and its boxes, xyxy in pixels of it, labels from 1 on; boxes without area are left out."""
        annotations = sample.annotations.select(~sample.annotations.iscrowd)
        pixels = read_sample(sample)
        xyxy = np.clip(annotations.xyxy, 0, [sample.width_px, sample.height_px] * 2).reshape(-1, 4).astype(np.float64)
        if rng.random() < self.recipe.fliplr:
            pixels = np.ascontiguousarray(pixels[:, ::-1])
            xyxy[:, [0, 2]] = sample.width_px - xyxy[:, [2, 0]]
        whole = (xyxy[:, 2:] > xyxy[:, :2]).all(axis=1)
        shaped = not_too_narrow(pixels, self.model.transform.max_size)
        xyxy *= scale_to(shaped, pixels.shape[:2])
        return shaped, {
            "boxes": torch.tensor(xyxy[whole], dtype=torch.float32, device=self.device),
            "labels": torch.tensor(annotations.labels[whole] + 1, dtype=torch.long, device=self.device),
        }


def teach(picture: NDArray[np.uint8], xyxy: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """(N, 512) rows of length 1: CLIP's embeddings of boxes (N, 4) in pixels, cut out as they are and wider, summed."""
    whole = Image.fromarray(picture)
    if not len(xyxy):
        return np.zeros((0, 512), np.float32)
    cuts = [whole.crop(around(box, factor, whole.size)) for factor in (1.0, WIDER) for box in xyxy]
    tight, wide = np.split(encode_images(cuts), 2)
    both = tight + wide
    unit: NDArray[np.float32] = (both / np.linalg.norm(both, axis=1, keepdims=True)).astype(np.float32)
    return unit


def around(box: NDArray[np.floating[Any]], factor: float, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """A box enlarged about its centre by `factor`, in whole pixels, at least one, within an image (width, height)."""
    centre, half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) / 2 * factor
    left, top = (int(np.clip(np.floor(v), 0, side - 1)) for v, side in zip(centre - half, size, strict=True))
    right, bottom = (int(np.clip(np.ceil(v), 1, side)) for v, side in zip(centre + half, size, strict=True))
    return left, top, max(right, left + 1), max(bottom, top + 1)


def distance(own: Tensor, taught: Tensor) -> Tensor:
    """The sum of absolute differences of rows (N, D), averaged over N; zero where N is 0."""
    return (own - taught).abs().sum(dim=1).mean() if len(own) else own.sum()


def scale_to(picture: NDArray[np.uint8], size_hw: Sequence[int]) -> NDArray[np.float64]:
    """Factors (4,) from xyxy in an image of that height and width to pixels of `picture`."""
    return np.array([picture.shape[1] / size_hw[1], picture.shape[0] / size_hw[0]] * 2)


def _keep_statistics(module: nn.Module) -> None:
    """Keep the means and variances of batch norm as loaded, as the library's frozen batch norm does."""
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.eval()
