"""Fine-tuning with the library's own loss: our order, our resume, a fixed schedule, the last EMA."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from benchmark.core.errors import BenchError, RecordError
from benchmark.core.method import Report
from benchmark.core.sample import Sample
from benchmark.core.vocabulary import Vocabulary
from methods._torch.state import STATE_FILE, read_tensors, seed_everything, write_tensors
from methods._transformers.images import make_processor, prepare_image, read_sample
from methods._transformers.prompts import Tokenizer, captions, phrase, training_names
from methods._transformers.recipe import Recipe

_PRETRAINED = ("model.backbone.", "model.text_backbone.")
_REPORT_EVERY_STEPS = 20
_NOT_FINITE = "the loss is not finite at"


class Trainer:
    """Trains `model` in place; continues from the state in run_dir if there is one."""

    def __init__(
        self,
        model: Any,
        recipe: Recipe,
        tokenizer: Tokenizer,
        vocabulary: Vocabulary,
        seed: int,
        run_dir: Path,
        device: str,
        report: Report | None,
    ) -> None:
        self.model, self.recipe, self.tokenizer, self.seed = model.to(device), recipe, tokenizer, seed
        self.names = [prompts[0] for prompts in vocabulary.prompts]
        self.pieces = [max(1, len(tokenizer.encode(phrase(name)))) for name in self.names]
        self.run_dir, self.device, self.report = run_dir, device, report
        self.processor = make_processor(recipe.shorter_side_px, recipe.image_side_px)
        slow = [p for n, p in model.named_parameters() if n.startswith(_PRETRAINED)]
        fast = [p for n, p in model.named_parameters() if not n.startswith(_PRETRAINED)]
        share = recipe.lr_pretrained_share if recipe.init == "released" else 1.0
        self.optimizer = torch.optim.AdamW(
            [{"params": fast, "lr": recipe.lr0}, {"params": slow, "lr": recipe.lr0 * share}],
            weight_decay=recipe.weight_decay,
        )
        self.ema = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(recipe.ema_decay))
        self.facts: dict[str, Any] = {"seconds": 0.0, "losses": {}}
        self.queries = int(model.config.num_queries)
        self.step = 0

    def run(self, samples: Sequence[Sample]) -> None:
        """All epochs that are left. Raises BenchError where the loss is no number."""
        first = self._continue()
        steps = -(-len(samples) // self.recipe.batch)
        self.step = first * steps
        for epoch in range(first, self.recipe.epochs):
            since = time.perf_counter()
            seed_everything(self.seed, epoch)
            rng = np.random.default_rng([self.seed, epoch])
            self.model.train()
            order = rng.permutation(len(samples))
            sums: dict[str, float] = {}
            for i in range(steps):
                batch = [samples[j] for j in order[i * self.recipe.batch : (i + 1) * self.recipe.batch]]
                for name, value in self._train_on(batch, rng, steps).items():
                    sums[name] = sums.get(name, 0.0) + value
                if (i + 1) % _REPORT_EVERY_STEPS == 0:
                    self._send(epoch, i + 1, steps, sums, since)
            self.facts["losses"] = {name: round(value / steps, 5) for name, value in sums.items()}
            self.facts["seconds"] += time.perf_counter() - since
            self._save(epoch)
            self._send(epoch, steps, steps, sums, since)

    def _train_on(self, batch: Sequence[Sample], rng: np.random.Generator, steps: int) -> dict[str, float]:
        self._set_rate(steps)
        self.optimizer.zero_grad()
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
        nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip_norm)
        self.optimizer.step()
        self.ema.update_parameters(self.model)
        self.step += 1
        return sums

    def _inputs(self, sample: Sample, rng: np.random.Generator) -> dict[str, Any]:
        """One image with its caption: images differ in size and names, and padding would change what is learnt."""
        truth = sample.annotations.select(~sample.annotations.iscrowd)
        pixels = read_sample(sample)
        size = np.array([sample.width_px, sample.height_px] * 2, np.float64)
        corners = np.clip(truth.xyxy / size, 0, 1)
        if rng.random() < self.recipe.fliplr:
            pixels = np.ascontiguousarray(pixels[:, ::-1])
            corners[:, [0, 2]] = 1 - corners[:, [2, 0]]
        chosen = training_names(truth.labels.tolist(), self.pieces, rng, self.recipe.max_tokens)
        (caption,) = captions([self.names[k] for k in chosen], self.tokenizer, self.recipe.max_tokens, None)
        place = {label: position for position, label in enumerate(chosen)}
        kept = [i for i, label in enumerate(truth.labels.tolist()) if label in place]
        boxes = np.concatenate([(corners[:, :2] + corners[:, 2:]) / 2, corners[:, 2:] - corners[:, :2]], axis=1)
        image = prepare_image(self.processor, pixels, self.queries)
        ids = torch.tensor([caption.input_ids], device=self.device)
        labels = torch.tensor([place[int(truth.labels[i])] for i in kept], dtype=torch.long, device=self.device)
        target = torch.tensor(boxes[kept].reshape(-1, 4), dtype=torch.float32, device=self.device)
        return {
            "pixel_values": image.pixels[None].to(self.device),
            "pixel_mask": image.mask[None].to(self.device),
            "input_ids": ids,
            "token_type_ids": torch.zeros_like(ids),
            "attention_mask": torch.ones_like(ids),
            "labels": [{"class_labels": labels, "boxes": target}],
        }

    def _set_rate(self, steps: int) -> None:
        """Linear warm-up, then linear decay to a hundredth."""
        total = steps * self.recipe.epochs
        share = max(0.01, 1 - self.step / total) * min(1.0, (self.step + 1) / (self.recipe.warmup_steps + 1))
        factor = self.recipe.lr_pretrained_share if self.recipe.init == "released" else 1.0
        for group, rate in zip(self.optimizer.param_groups, (1.0, factor), strict=True):
            group["lr"] = self.recipe.lr0 * rate * share

    def _continue(self) -> int:
        path = self.run_dir / STATE_FILE
        if not path.is_file():
            return 0
        state = read_tensors(path)
        try:
            self.model.load_state_dict(state["model"])
            self.ema.module.load_state_dict(state["ema"])
            self.ema.n_averaged.fill_(state["ema_updates"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.facts = state["facts"]
            return int(state["next_epoch"])
        except (KeyError, RuntimeError, ValueError) as error:
            raise RecordError(f"{path}: not a state of this training ({error}); use --refit to start again") from error

    def _save(self, epoch: int) -> None:
        state = {
            "next_epoch": epoch + 1,
            "model": self.model.state_dict(),
            "ema": self.ema.module.state_dict(),
            "ema_updates": int(self.ema.n_averaged),
            "optimizer": self.optimizer.state_dict(),
            "facts": self.facts,
        }
        write_tensors(state, self.run_dir / STATE_FILE)

    def _send(self, epoch: int, step: int, steps: int, sums: dict[str, float], since: float) -> None:
        if self.report is None:
            return
        seconds = max(time.perf_counter() - since, 1e-9)
        self.report(
            {
                "epoch": epoch + 1,
                "epochs": self.recipe.epochs,
                "step": step,
                "steps": steps,
                "images_per_s": round(step * self.recipe.batch / seconds, 2),
                **{f"loss/{name}": round(value / step, 5) for name, value in sums.items()},
            }
        )
