"""Trains with AdamW on a fixed schedule, keeps an EMA, and resumes after the last finished epoch."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from benchmark.core.errors import BenchError, RecordError
from benchmark.core.sample import Sample
from methods._torch.adapter import TrainingJob
from methods._torch.recipe import FineTuneRecipe
from methods._torch.state import raise_if_stopped, read_tensors, seed_everything, write_tensors

_REPORT_EVERY_STEPS = 20


class EpochTrainer(ABC):
    """Trains `model` in place and continues from the state in run_dir, if any. An engine adds `learn`."""

    released_parts: ClassVar[tuple[str, ...]] = ()
    """prefixes of parameters that learn at the smaller rate when released weights are fine-tuned"""

    def __init__(self, model: Any, recipe: FineTuneRecipe, job: TrainingJob, device: str) -> None:
        self.model, self.recipe, self.job, self.device = model.to(device), recipe, job, device
        slow = [p for n, p in model.named_parameters() if n.startswith(self.released_parts)]
        fast = [p for n, p in model.named_parameters() if not n.startswith(self.released_parts)]
        self.share = recipe.lr_pretrained_share if recipe.init == "released" else 1.0
        self.optimizer = torch.optim.AdamW(
            [{"params": fast, "lr": recipe.lr0}, {"params": slow, "lr": recipe.lr0 * self.share}],
            weight_decay=recipe.weight_decay,
        )
        self.ema = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(recipe.ema_decay))
        self.facts: dict[str, Any] = {"seconds": 0.0, "losses": {}}
        self.step = 0

    @abstractmethod
    def learn(self, batch: Sequence[Sample], rng: np.random.Generator) -> dict[str, float]:
        """Add the gradients of the batch's mean loss; its parts by name. Raises BenchError where it is not finite."""

    def run(self) -> None:
        """Train all epochs that are left. Raises BenchError where the loss is not finite."""
        samples = self.job.train
        first = self._continue()
        steps = -(-len(samples) // self.recipe.batch)
        self.step = first * steps
        for epoch in range(first, self.recipe.epochs):
            since = time.perf_counter()
            seed_everything(self.job.seed, epoch)
            rng = np.random.default_rng([self.job.seed, epoch])
            self.model.train()
            order = rng.permutation(len(samples))
            sums: dict[str, float] = {}
            for i in range(steps):
                raise_if_stopped()
                batch = [samples[j] for j in order[i * self.recipe.batch : (i + 1) * self.recipe.batch]]
                for name, value in self._step(batch, rng, steps).items():
                    sums[name] = sums.get(name, 0.0) + value
                if (i + 1) % _REPORT_EVERY_STEPS == 0:
                    self._send(epoch, i + 1, steps, sums, since)
            self.facts["losses"] = {name: round(value / steps, 5) for name, value in sums.items()}
            self.facts["seconds"] += time.perf_counter() - since
            self._save(epoch)
            self._send(epoch, steps, steps, sums, since)

    def _step(self, batch: Sequence[Sample], rng: np.random.Generator, steps: int) -> dict[str, float]:
        self._set_rate(steps)
        losses = self._gradients(batch, rng)
        nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip_norm)
        self.optimizer.step()
        self.ema.update_parameters(self.model)
        self.step += 1
        return losses

    def _gradients(self, batch: Sequence[Sample], rng: np.random.Generator) -> dict[str, float]:
        """Compute the gradients of the batch's mean loss, in parts where the device lacks memory for the whole batch.

        The number of parts is kept for the rest of the fit and recorded in its facts: the step averages over the same
        images, but normalisation within a part (batch norm, the number of boxes) differs. Raises BenchError where one
        image does not fit.
        """
        while True:
            parts = np.array_split(np.arange(len(batch)), min(self.facts.get("batch_parts", 1), len(batch)))
            self.optimizer.zero_grad()
            sums: dict[str, float] = {}
            try:
                for part in parts:
                    share = len(part) / len(batch)
                    self._scale_gradients(1 / share)
                    for name, value in self.learn([batch[i] for i in part], rng).items():
                        sums[name] = sums.get(name, 0.0) + share * value
                    self._scale_gradients(share)
            except torch.OutOfMemoryError as error:
                if len(parts) == len(batch):
                    raise BenchError(
                        "training: one image does not fit into the device's memory; choose a smaller side, which is "
                        "another recipe, with --set image_side_px=N"
                    ) from error
                self.facts["batch_parts"] = 2 * len(parts)
            else:
                return sums
            self.optimizer.zero_grad()
            torch.cuda.empty_cache()  # does nothing where there is no GPU

    def _scale_gradients(self, factor: float) -> None:
        """Scale the gradients of earlier parts, so that with those of the next part they are a mean over the batch."""
        gradients = [p.grad for p in self.model.parameters() if p.grad is not None]
        if factor != 1 and gradients:
            torch._foreach_mul_(gradients, factor)

    def _set_rate(self, steps: int) -> None:
        """Set the learning rates: linear warm-up, then linear decay to a hundredth."""
        total = steps * self.recipe.epochs
        share = max(0.01, 1 - self.step / total) * min(1.0, (self.step + 1) / (self.recipe.warmup_steps + 1))
        for group, rate in zip(self.optimizer.param_groups, (1.0, self.share), strict=True):
            group["lr"] = self.recipe.lr0 * rate * share

    def _continue(self) -> int:
        path = self.job.state
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
        write_tensors(state, self.job.state)

    def _send(self, epoch: int, step: int, steps: int, sums: dict[str, float], since: float) -> None:
        if self.job.report is None:
            return
        seconds = max(time.perf_counter() - since, 1e-9)
        self.job.report(
            {
                "epoch": epoch + 1,
                "epochs": self.recipe.epochs,
                "step": step,
                "steps": steps,
                "images_per_s": round(step * self.recipe.batch / seconds, 2),
                **{f"loss/{name}": round(value / step, 5) for name, value in sums.items()},
            }
        )
