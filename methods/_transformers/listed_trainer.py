"""Fine-tunes detectors that encode each name alone, with the library's set loss of Deformable DETR."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from transformers.loss.loss_deformable_detr import DeformableDetrHungarianMatcher, DeformableDetrImageLoss

from benchmark.core.errors import BenchError
from benchmark.core.images import read_sample
from benchmark.core.sample import Sample
from methods._torch.adapter import TrainingJob
from methods._torch.trainer import EpochTrainer
from methods._transformers.listed_predict import prepare_square

if TYPE_CHECKING:
    from methods._transformers.listed import ListedAdapter

_WEIGHTS = {"loss_ce": 1.0, "loss_bbox": 5.0, "loss_giou": 2.0}
_COSTS = {"class_cost": 2.0, "bbox_cost": 5.0, "giou_cost": 2.0}


class ListedTrainer(EpochTrainer):
    """Trains a model of the library in place. Every image is shown all names; the text tower is not trained."""

    released_parts = ("owlv2.vision_model.", "vision_backbone.")

    def __init__(self, adapter: ListedAdapter[Any], model: Any, job: TrainingJob) -> None:
        super().__init__(model, adapter.config, job, adapter.torch_device())
        self.adapter, self.processor = adapter, adapter.processor()
        self.texts = adapter.encode_texts(self.model.eval(), [prompts[0] for prompts in job.vocabulary.prompts])
        matcher = DeformableDetrHungarianMatcher(**_COSTS)
        self.criterion = DeformableDetrImageLoss(matcher, len(job.vocabulary), 0.25, ["labels", "boxes"])

    def learn(self, batch: Sequence[Sample], rng: np.random.Generator) -> dict[str, float]:
        """See EpochTrainer."""
        images, targets = [], []
        for sample in batch:
            pixels, target = self._example(sample, rng)
            images.append(pixels)
            targets.append(target)
        answers = self.adapter.answer(self.model, prepare_square(self.processor, images).to(self.device), self.texts)
        sums: dict[str, float] = {}
        total = torch.zeros((), device=self.device)
        for logits, boxes in answers:
            if not bool(torch.isfinite(logits).all() & torch.isfinite(boxes).all()):
                raise BenchError(f"training: the loss is not finite at {batch[0].path}; lower lr0 or check its boxes")
            losses = self.criterion({"logits": logits, "pred_boxes": boxes}, targets)
            for name, weight in _WEIGHTS.items():
                total = total + weight * losses[name]
                short = name.removeprefix("loss_")
                sums[short] = sums.get(short, 0.0) + float(losses[name].detach()) / len(answers)
        total.backward()
        return sums

    def _example(self, sample: Sample, rng: np.random.Generator) -> tuple[Any, dict[str, torch.Tensor]]:
        """Pixels, and the labels and boxes, as centre and size in shares of the prepared image."""
        annotations = sample.annotations.select(~sample.annotations.iscrowd)
        pixels = read_sample(sample)
        xyxy = np.clip(annotations.xyxy, 0, [sample.width_px, sample.height_px] * 2).astype(np.float64)
        if rng.random() < self.adapter.config.fliplr:
            pixels = np.ascontiguousarray(pixels[:, ::-1])
            xyxy[:, [0, 2]] = sample.width_px - xyxy[:, [2, 0]]
        corners = xyxy / np.array(self.adapter.frame_px(pixels.shape[:2]) * 2, np.float64)
        boxes = np.concatenate([(corners[:, :2] + corners[:, 2:]) / 2, corners[:, 2:] - corners[:, :2]], axis=1)
        return pixels, {
            "class_labels": torch.tensor(annotations.labels, dtype=torch.long, device=self.device),
            "boxes": torch.tensor(boxes.reshape(-1, 4), dtype=torch.float32, device=self.device),
        }
