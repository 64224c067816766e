"""The library's trainer on our samples: its loop, augmentation, EMA and AMP; our seeding, resume and stopping."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, distributed, nn
from ultralytics.data.build import build_dataloader
from ultralytics.models.yolo.detect import DetectionTrainer
from ultralytics.utils import RANK
from ultralytics.utils.torch_utils import unwrap_model

from benchmark.core.errors import BenchError
from methods._torch.adapter import TrainingJob
from methods._torch.state import raise_if_stopped, seed_everything
from methods._ultralytics.loader import SampleDataset
from methods._ultralytics.recipe import Recipe
from methods._ultralytics.resume import load_state, save_state

_REPORT_EVERY_STEPS = 20


@dataclass(frozen=True, eq=False)
class Training:
    """The parts of one training.

    texts: raw encoder embeddings (K, dimensions) shown with every image, or None for a closed vocabulary. device: as
    the library names it (`cpu`, `0`; `0,1` for two processes). processes: how many train together, see ranks.
    at_epoch_end: called with the model and the epoch (from 0) that ended; returns facts for events and the record.
    """

    model: nn.Module
    recipe: Recipe
    job: TrainingJob
    texts: Tensor | None
    device: str
    processes: int = 1
    at_epoch_end: Callable[[Any, int], Mapping[str, Any]] | None = None


class _OnCpu(nn.parallel.DistributedDataParallel):
    """Ignores `device_ids`: the library names a GPU per process, even where there is none."""

    def __init__(self, module: nn.Module, device_ids: Any = None, **settings: Any) -> None:  # noqa: ARG002
        super().__init__(module, **settings)


class SampleTrainer(DetectionTrainer):
    """Trains `training.model` in place and continues from the state in run_dir, if any."""

    # Untyped attributes that the library sets after construction.
    model: Any
    ema: Any
    scheduler: Any
    tloss: Any
    loss: Any

    def __init__(self, training: Training) -> None:
        self.training = training
        self.facts: dict[str, Any] = {"seconds": 0.0}
        self._since = time.perf_counter()
        self._frozen = [name for name, p in training.model.named_parameters() if not p.requires_grad]
        threads = torch.get_num_threads()
        super().__init__(overrides=_overrides(training))
        torch.set_num_threads(threads)  # the library leaves one core idle on every CPU training
        if training.processes > 1:
            self.world_size = training.processes  # the library counts GPUs
        self.model = training.model
        # Ours replace the library's loggers, which would write beside our records.
        self.callbacks = {name: [] for name in self.callbacks}
        self.add_callback("on_pretrain_routine_end", SampleTrainer._ready)
        self.add_callback("on_train_epoch_start", SampleTrainer._epoch_start)
        self.add_callback("on_train_batch_end", SampleTrainer._batch_end)
        self.add_callback("on_train_epoch_end", SampleTrainer._epoch_end)

    # --- methods that the library calls -------------------------------------------------------------------

    def get_dataset(self) -> dict[str, Any]:
        """Class names and their number; the images come from the samples."""
        names = dict(enumerate(self.training.job.vocabulary.names))
        return {"train": "train", "val": "val", "names": names, "nc": len(names), "channels": 3}

    def get_dataloader(
        self,
        dataset_path: str,  # noqa: ARG002  # the library names the part; samples are ours
        batch_size: int = 16,
        rank: int = 0,
        mode: str = "train",
    ) -> Any:
        """Batches of the training samples, or an unused loader of one image where the library wants a second one."""
        training = mode == "train"
        samples = self.training.job.train if training else self.training.job.train[:1]
        dataset = SampleDataset(samples, self.args.imgsz, batch_size, self.data["names"], self.args, training)
        workers = self.args.workers if training else 0
        return build_dataloader(dataset, batch=batch_size, workers=workers, shuffle=training, rank=rank)

    def get_validator(self) -> Any:
        """A placeholder: the schedule is fixed, the last EMA is scored, and the harness measures it."""
        return SimpleNamespace(metrics=SimpleNamespace(keys=[]), args=self.args)

    def validate(self) -> tuple[dict[str, float], None]:
        """Skip validation during training."""
        return {}, None

    def build_optimizer(self, *args: Any, **kwargs: Any) -> Any:
        """The library's optimizer, but without weight decay on gates that start at zero (gamma)."""
        optimizer = super().build_optimizer(*args, **kwargs)
        gates = [p for name, p in self.model.named_parameters() if name.endswith("gamma")]
        ids = {id(p) for p in gates}
        for group in optimizer.param_groups:
            group["params"] = [p for p in group["params"] if id(p) not in ids]
        next(g for g in optimizer.param_groups if g.get("param_group") == "bn")["params"].extend(gates)
        return optimizer

    def preprocess_batch(self, batch: dict[str, Any]) -> dict[str, Any]:
        """The library's batch, images in [0, 1], with the embeddings of the fit's whole vocabulary for every image."""
        batch = super().preprocess_batch(batch)
        if self.training.texts is not None:
            batch["txt_feats"] = self._texts.expand(len(batch["img"]), -1, -1)
        return batch

    def save_model(self) -> bool:
        """Save our full-precision state instead of the library's half-precision checkpoint."""
        now = time.perf_counter()
        self.facts["seconds"] += now - self._since
        self._since = now
        self.facts["losses"] = {name: round(float(value), 5) for name, value in (self.tloss or {}).items()}
        save_state(self, self.training.job.state, self.facts)
        self._send(len(self.train_loader), self.facts.get("model", {}))
        return True

    def save_metrics(self, metrics: Any) -> None:
        """Write no file of metrics: events go to the harness's tracker."""

    def final_eval(self) -> None:
        """Skip the final evaluation: no `best` model is chosen."""

    def _setup_ddp(self) -> None:
        if self.device.type != "cpu":
            super()._setup_ddp()
            return
        distributed.init_process_group("gloo", rank=RANK, world_size=self.world_size)
        nn.parallel.DistributedDataParallel = _OnCpu  # type: ignore[assignment, misc]  # a process that only trains

    def _build_train_pipeline(self) -> None:
        if self.optimizer is not None:  # called again only where the library halves the batch after a lack of memory
            raise BenchError(
                f"training: batch {self.training.recipe.batch} at {self.training.recipe.image_side_px} px does not fit "
                "into the device's memory; choose a smaller batch, which is another recipe, with --set batch=N"
            )
        super()._build_train_pipeline()

    def _handle_nan_recovery(self, epoch: int) -> bool:
        if self.loss is not None and not bool(self.loss.isfinite()):
            raise BenchError(f"training: the loss is not finite in epoch {epoch + 1}; lower lr0 or check the boxes")
        return False

    # --- callbacks ------------------------------------------------------------------------------------------------

    def _ready(self) -> None:
        for name, parameter in unwrap_model(self.model).named_parameters():
            if name in self._frozen:  # the library unfreezes everything that it did not freeze itself
                parameter.requires_grad_(False)
        if self.training.texts is not None:
            self._texts = self.training.texts.to(self.device)[None]
        self.ema.enabled = True
        state = self.training.job.state
        if state.is_file():
            self.facts = load_state(self, state)
            self._continue_loss_schedule()
        self.scheduler.last_epoch = self.start_epoch - 1
        self._since = time.perf_counter()

    def _continue_loss_schedule(self) -> None:
        """Set the epoch of a loss whose weights change per epoch (YOLOv10's two heads)."""
        model: Any = unwrap_model(self.model)
        criterion = model.init_criterion()
        if hasattr(criterion, "update"):
            criterion.updates = self.start_epoch - 1
            criterion.update()
            model.criterion = criterion

    def _epoch_start(self) -> None:
        if self.epoch >= self.epochs - self.args.close_mosaic:
            self.train_loader.dataset.close_mosaic(hyp=_copy(self.args))
        self.train_loader.dataset.forget()
        seed = self.training.job.seed + max(RANK, 0) * 1_000_003  # processes augment their shares differently
        seed_everything(seed, self.epoch)
        self.train_loader.generator.manual_seed(seed * 100_003 + self.epoch)
        if self.training.processes > 1:
            self.train_loader.sampler.set_epoch(self.epoch)  # the library does so after the first batches were drawn
        self.train_loader.reset()
        self._epoch_since, self._step = time.perf_counter(), 0

    def _batch_end(self) -> None:
        raise_if_stopped()
        self._step += 1
        if self._step % _REPORT_EVERY_STEPS == 0:
            self._send(self._step, {})

    def _epoch_end(self) -> None:
        model = unwrap_model(self.model)
        if self.training.processes > 1:  # all processes must decide the same at the end of an epoch
            for buffer in model.buffers():
                distributed.broadcast(buffer, src=0)
        if self.training.at_epoch_end is not None:
            self.facts["model"] = dict(self.training.at_epoch_end(model, self.epoch))

    def _send(self, step: int, more: dict[str, Any]) -> None:
        if self.training.job.report is None:
            return
        seconds = max(time.perf_counter() - self._epoch_since, 1e-9)
        self.training.job.report(
            {
                "epoch": self.epoch + 1,
                "epochs": self.epochs,
                "step": step,
                "steps": len(self.train_loader),
                "images_per_s": round(step * self.batch_size / seconds, 2),
                **{f"loss/{k.removesuffix('_loss')}": round(float(v), 5) for k, v in (self.tloss or {}).items()},
                **more,
            }
        )


def _copy(args: Any) -> Any:
    return SimpleNamespace(**vars(args))


def _overrides(training: Training) -> dict[str, Any]:
    recipe = training.recipe
    amp: bool | str = False
    if recipe.amp and training.device != "cpu":
        # The library's check for half precision downloads a model; bfloat16 needs no check.
        amp = "bf16" if torch.cuda.is_bf16_supported() else False
    names = ("optimizer", "lr0", "lrf", "momentum", "weight_decay", "warmup_epochs", "mosaic", "scale", "translate",
             "hsv_h", "hsv_s", "hsv_v", "fliplr", "flipud", "box", "cls", "dfl", "batch", "epochs")  # fmt: skip
    return {
        **{name: getattr(recipe, name) for name in names},
        "model": "yolov8n.yaml",
        "task": "detect",
        "mode": "train",
        "imgsz": recipe.image_side_px,
        "nbs": recipe.batch,
        "close_mosaic": min(recipe.close_mosaic, recipe.epochs),
        "warmup_bias_lr": 0.0,
        "seed": training.job.seed,
        "deterministic": True,
        "device": training.device,
        "workers": 8,
        "save_dir": str(training.job.run_dir / "library"),
        "exist_ok": True,
        "amp": amp,
        "rect": False,
        "val": False,
        "plots": False,
        "verbose": False,
        "patience": 0,
    }
