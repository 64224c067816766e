"""Fine-tunes with the library's own loss, one image with its own caption at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from benchmark.core.errors import BenchError
from benchmark.core.images import read_sample
from benchmark.core.sample import Sample
from methods._torch.adapter import TrainingJob
from methods._torch.trainer import EpochTrainer
from methods._transformers.images import make_processor, prepare_image
from methods._transformers.prompts import Tokenizer, captions, phrase, training_names
from methods._transformers.recipe import Recipe

_NOT_FINITE = "the loss is not finite at"


class Trainer(EpochTrainer):
    """Trains a model of the library in place."""

    released_parts = ("model.backbone.", "model.text_backbone.")
    recipe: Recipe

    def __init__(
        self,
        model: Any,
        recipe: Recipe,
        tokenizer: Tokenizer,
        job: TrainingJob,
        device: str,
    ) -> None:
        super().__init__(model, recipe, job, device)
        self.tokenizer = tokenizer
        self.names = [prompts[0] for prompts in job.vocabulary.prompts]
        self.pieces = [max(1, len(tokenizer.encode(phrase(name)))) for name in self.names]
        self.processor = make_processor(recipe.shorter_side_px, recipe.image_side_px)
        self.queries = int(model.config.num_queries)

    def learn(self, batch: Sequence[Sample], rng: np.random.Generator) -> dict[str, float]:
        """See EpochTrainer: images one by one, so that a batch takes the memory of one image."""
        sums: dict[str, float] = {}
        for sample in batch:
            inputs = self._inputs(sample, rng)
            try:
                answer = self.model(**inputs)
            except ValueError as error:  # the library checks predicted boxes, and prints all of them
                raise BenchError(f"training: {_NOT_FINITE} {sample.path}; lower lr0 or check its boxes") from error
            loss = answer.loss / len(batch)
            if not bool(torch.isfinite(loss)):
                raise BenchError(f"training: {_NOT_FINITE} {sample.path}; lower lr0 or check its boxes")
            loss.backward()
            for name in ("loss_ce", "loss_bbox", "loss_giou"):
                sums[name.removeprefix("loss_")] = sums.get(name.removeprefix("loss_"), 0.0) + float(
                    answer.loss_dict[name].detach()
                ) / len(batch)
        return sums

    def _inputs(self, sample: Sample, rng: np.random.Generator) -> dict[str, Any]:
        """The model's inputs for one image with its caption: padding to a common size would change the loss."""
        annotations = sample.annotations.select(~sample.annotations.iscrowd)
        pixels = read_sample(sample)
        size = np.array([sample.width_px, sample.height_px] * 2, np.float64)
        corners = np.clip(annotations.xyxy / size, 0, 1)
        if rng.random() < self.recipe.fliplr:
            pixels = np.ascontiguousarray(pixels[:, ::-1])
            corners[:, [0, 2]] = 1 - corners[:, [2, 0]]
        chosen = training_names(annotations.labels.tolist(), self.pieces, rng, self.recipe.max_tokens)
        (caption,) = captions([self.names[k] for k in chosen], self.tokenizer, self.recipe.max_tokens, None)
        place = {label: position for position, label in enumerate(chosen)}
        kept = [i for i, label in enumerate(annotations.labels.tolist()) if label in place]
        boxes = np.concatenate([(corners[:, :2] + corners[:, 2:]) / 2, corners[:, 2:] - corners[:, :2]], axis=1)
        image = prepare_image(self.processor, pixels, self.queries)
        ids = torch.tensor([caption.input_ids], device=self.device)
        labels = torch.tensor([place[int(annotations.labels[i])] for i in kept], dtype=torch.long, device=self.device)
        target = torch.tensor(boxes[kept].reshape(-1, 4), dtype=torch.float32, device=self.device)
        return {
            "pixel_values": image.pixels[None].to(self.device),
            "pixel_mask": image.mask[None].to(self.device),
            "input_ids": ids,
            "token_type_ids": torch.zeros_like(ids),
            "attention_mask": torch.ones_like(ids),
            "labels": [{"class_labels": labels, "boxes": target}],
        }
