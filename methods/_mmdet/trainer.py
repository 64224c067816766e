"""Fine-tunes with the library's own loss on whole batches, with one prompt per image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from mmengine.structures import InstanceData

from benchmark.core.errors import BenchError
from benchmark.core.images import read_sample
from benchmark.core.sample import Sample
from methods._mmdet.captions import Language, Prompt, Reader
from methods._mmdet.images import Prepared, batch, prepare_image
from methods._mmdet.model import MAX_TOKENS
from methods._mmdet.recipe import Recipe
from methods._torch.adapter import TrainingJob
from methods._torch.trainer import EpochTrainer

_SIDES = 5
"""number of image sizes from the smallest to the largest, as in the library's settings"""


@dataclass(frozen=True, eq=False)
class Example:
    """A training image with its prompt.

    names: the class of each name in the prompt. boxes: (N, 4) xyxy, pixels of the resized image, last pixel included.
    labels: (N,) index of each box's name in the prompt.
    """

    image: Prepared
    prompt: Prompt
    names: tuple[int, ...]
    boxes: torch.Tensor
    labels: torch.Tensor

    def positive(self) -> torch.Tensor:
        """(N, columns): one where a column of the classifier belongs to the box's name."""
        table = torch.zeros(len(self.labels), MAX_TOKENS)
        for row, label in enumerate(self.labels.tolist()):
            table[row, slice(*self.prompt.spans[label])] = 1
        return table


@dataclass(frozen=True, eq=False)
class Step:
    """The inputs of the losses of one batch: features before image and text are fused, and the ground truth."""

    features: Sequence[torch.Tensor]
    language: Language
    notes: list[Any]
    examples: Sequence[Example]


class Trainer(EpochTrainer):
    """Trains a GLIP of the library in place."""

    released_parts = ("backbone.", "language_model.")
    recipe: Recipe

    def __init__(
        self,
        model: Any,
        recipe: Recipe,
        reader: Reader,
        job: TrainingJob,
        device: str,
    ) -> None:
        super().__init__(model, recipe, job, device)
        self.reader = reader
        self.texts = [prompts[0] for prompts in job.vocabulary.prompts]

    def learn(self, batch: Sequence[Sample], rng: np.random.Generator) -> dict[str, float]:
        """See EpochTrainer; images are padded to one size, as the library does in training."""
        losses = self.losses(self._step_of([self._example(sample, rng) for sample in batch]))
        total = torch.stack(list(losses.values())).sum()
        if not bool(torch.isfinite(total)):
            paths = ", ".join(str(sample.path) for sample in batch)
            raise BenchError(f"training: the loss is not finite at one of {paths}; lower lr0 or check their boxes")
        total.backward()
        return {name.removeprefix("loss_"): float(value.detach()) for name, value in losses.items()}

    def losses(self, step: Step) -> Mapping[str, torch.Tensor]:
        """Parts of the loss by name: token focal loss, GIoU and centre-ness over the cells that ATSS chooses."""
        parts: Mapping[str, torch.Tensor] = self.model.bbox_head.loss(step.features, dict(step.language), step.notes)
        return parts

    def _step_of(self, examples: Sequence[Example]) -> Step:
        pixels, notes = batch(self.model, [example.image for example in examples], training=True)
        for note, example in zip(notes, examples, strict=True):
            note.gt_instances = InstanceData(
                bboxes=example.boxes, labels=example.labels, positive_maps=example.positive()
            ).to(pixels.device)
        language = self.reader.encode(self.model, [example.prompt for example in examples], MAX_TOKENS)
        return Step(self.model.extract_feat(pixels), language, notes, examples)

    def _example(self, sample: Sample, rng: np.random.Generator) -> Example:
        annotations = sample.annotations.select(~sample.annotations.iscrowd)
        share = rng.choice(np.linspace(self.recipe.smallest_share, 1, _SIDES))
        shorter = round(self.recipe.shorter_side_px * float(share))
        image = prepare_image(read_sample(sample), shorter, self.recipe.image_side_px)
        height, width = image.meta["img_shape"]
        # Boxes end with their last pixel: the library's settings for GLIP subtract one pixel before resizing.
        scale = np.array(image.meta["scale_factor"] * 2)
        boxes = np.clip((annotations.xyxy - [0, 0, 1, 1]) * scale, 0, [width, height, width, height])
        if rng.random() < self.recipe.fliplr:
            image = Prepared(image.pixels.flip(2), image.meta)
            boxes[:, [0, 2]] = width - 1 - boxes[:, [2, 0]]
        chosen = self.reader.choose(annotations.labels.tolist(), self.texts, rng)
        (prompt,) = self.reader.plan([self.texts[k] for k in chosen])
        place = {label: position for position, label in enumerate(chosen)}
        kept = [
            i
            for i, label in enumerate(annotations.labels.tolist())
            if label in place and min(boxes[i, 2:] - boxes[i, :2]) >= 1
        ]
        labels = [place[int(annotations.labels[i])] for i in kept]
        return Example(
            image,
            prompt,
            tuple(chosen),
            torch.tensor(boxes[kept].reshape(-1, 4), dtype=torch.float32),
            torch.tensor(labels, dtype=torch.long),
        )
