"""Fine-tunes as the detector predicts: an image with one name that it shows and with some that it does not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torchvision.ops import box_convert

from benchmark.core.errors import BenchError
from benchmark.core.images import read_sample
from benchmark.core.sample import Sample
from methods._torch.adapter import TrainingJob
from methods._torch.trainer import EpochTrainer
from methods._transformers.images import make_processor, prepare_image
from methods.mdetr.loss import WEIGHTS, losses


class Trainer(EpochTrainer):
    """Trains an Mdetr in place. ids: the token ids of every class name, with start and end."""

    released_parts = ("backbone.", "text_encoder.")

    def __init__(self, model: Any, recipe: Any, ids: Sequence[Sequence[int]], job: TrainingJob, device: str) -> None:
        super().__init__(model, recipe, job, device)
        self.ids, self.negatives = ids, recipe.negatives
        self.processor = make_processor(recipe.shorter_side_px, recipe.image_side_px)

    def learn(self, batch: Sequence[Sample], rng: np.random.Generator) -> dict[str, float]:
        """See EpochTrainer: images one by one, so that none is padded."""
        sums = dict.fromkeys(WEIGHTS, 0.0)
        for sample in batch:
            pixels, boxes, labels = self._example(sample, rng)
            asked = self._names(labels, rng)
            cells = self.model.encode_image(pixels)
            total = cells.new_zeros(())
            for name in asked:
                tokens = self.model.encode_text(torch.tensor([list(self.ids[name])], device=self.device))
                answer = self.model(cells, tokens)
                if not bool(torch.isfinite(answer.logits).all() & torch.isfinite(answer.cxcywh).all()):
                    raise BenchError(f"training: the loss is not finite at {sample.path}; lower lr0 or check its boxes")
                parts = losses(answer, boxes[labels == name], (1, len(self.ids[name]) - 1))
                for part, value in parts.items():
                    total = total + WEIGHTS[part] * value / (len(asked) * len(batch))
                    sums[part] += float(value.detach()) / (len(asked) * len(batch))
            total.backward()
        return sums

    def _names(self, labels: torch.Tensor, rng: np.random.Generator) -> list[int]:
        """Classes of a step: one of the image, if it has any, and some that it does not show."""
        present = sorted(set(labels.tolist()))
        others = [name for name in range(len(self.ids)) if name not in present]
        count = min(len(others), self.negatives if present else max(1, self.negatives))
        shown = [int(rng.choice(present))] if present else []
        return [*shown, *(int(name) for name in rng.choice(others, count, replace=False))] if count else shown

    def _example(self, sample: Sample, rng: np.random.Generator) -> tuple[Any, torch.Tensor, torch.Tensor]:
        """Pixels (1, 3, H, W), boxes (N, 4) cxcywh in shares, labels (N,)."""
        annotations = sample.annotations.select(~sample.annotations.iscrowd)
        pixels = read_sample(sample)
        corners = np.clip(annotations.xyxy / np.array([sample.width_px, sample.height_px] * 2, np.float64), 0, 1)
        if rng.random() < self.recipe.fliplr:
            pixels = np.ascontiguousarray(pixels[:, ::-1])
            corners[:, [0, 2]] = 1 - corners[:, [2, 0]]
        image = prepare_image(self.processor, pixels, 1).pixels[None].to(self.device)
        boxes = torch.tensor(corners.reshape(-1, 4), dtype=torch.float32, device=self.device)
        labels = torch.tensor(annotations.labels, dtype=torch.long, device=self.device)
        return image, box_convert(boxes, "xyxy", "cxcywh"), labels
