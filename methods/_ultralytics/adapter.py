"""What the detectors of this engine share: the library's training, prediction and counting of FLOPs.

A method adds its Config and how its model is built; methods that read class names are in open_vocabulary.py.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmark.core.detections import Detections
from benchmark.core.detector import Limits
from benchmark.core.errors import RefusedError
from benchmark.core.method import Size
from benchmark.core.vocabulary import Vocabulary
from benchmark.core.weights import ReleasedWeights
from methods._torch.adapter import TorchAdapter, TrainingJob
from methods._ultralytics.recipe import Recipe

if TYPE_CHECKING:
    from torch import Tensor

Settings = TypeVar("Settings", bound=Recipe)


class UltralyticsAdapter(TorchAdapter[Settings]):
    """A detector on the ultralytics engine, with a closed vocabulary. Subclasses set `info` and override the hooks."""

    continues = True

    def __init__(self, config: Settings, device: str = "auto") -> None:
        super().__init__(config, device)
        self._random_seed = 0

    # --- what a method overrides ----------------------------------------------------------------------------------

    def build_model(self, class_count: int) -> Any:
        """A new model with random weights and a head of `class_count` classes."""
        from ultralytics.nn.tasks import DetectionModel

        return DetectionModel(f"yolov8{self.config.variant}.yaml", ch=3, nc=class_count, verbose=False)

    def start_from(self, model: Any, state: Mapping[str, Tensor]) -> dict[str, Any]:
        """Load the starting fit's weights into a new model; facts for the record."""
        from methods._ultralytics.backbone import copy_backbone

        return {"expert_tensors": copy_backbone(model, state)}

    def prepare_for_fit(self, model: Any) -> dict[str, Any]:  # noqa: ARG002  # a hook
        """Complete a new model before its fit, for example with helper weights; facts for the record."""
        return {}

    def gflops(self, model: Any) -> float:
        """GFLOPs per image by the library's counter (2 per multiply-add), 0 where it cannot count them."""
        from ultralytics.utils.torch_utils import get_flops

        return float(get_flops(copy.deepcopy(model), self.config.image_side_px))

    def read_weights(self, weights: ReleasedWeights) -> tuple[dict[str, Tensor], tuple[str, ...]]:
        """State dict and class names of a released file; overridden where the file is not in the library's format."""
        from methods._ultralytics.released import read_checkpoint

        return read_checkpoint(weights.find())

    def texts_to_show(self, vocabulary: Vocabulary) -> Tensor | None:  # noqa: ARG002  # a hook
        """Embeddings (K, dimensions) that are shown with every training image; None for a closed vocabulary."""
        return None

    def at_epoch_end(self) -> Callable[[Any, int], Mapping[str, Any]] | None:
        """A function of the model and the number of the epoch that ended; it returns facts and must be picklable."""
        return None

    # --- see TorchAdapter -----------------------------------------------------------------------------------------

    @staticmethod
    def prepare() -> None:
        """See methods/_ultralytics/library.py."""
        from methods._ultralytics.library import prepare

        prepare()

    def start_model(self, class_count: int, start: Path | None) -> tuple[Any, dict[str, Any]]:
        """A new model with the starting fit's weights, except tensors whose shape depends on the number of classes."""
        model = self.build_model(class_count)
        facts = self.prepare_for_fit(model)
        if start is None:
            return model, facts
        from methods._torch.state import read_tensors

        own, state = model.state_dict(), read_tensors(start)["state"]
        if own.keys() != state.keys():
            return model, facts | self.start_from(model, state)
        fitting = {name: value for name, value in state.items() if value.shape == own[name].shape}
        model.load_state_dict(fitting, strict=False)
        return model, facts | {"pretrained_tensors": len(fitting)}

    def read_model(self, weights: ReleasedWeights) -> Any:
        """A released model; with a closed vocabulary it detects only the class names of the file."""
        state, self._names = self.read_weights(weights)
        model = self.build_model(len(self._names))
        self.fill(model, state, weights.path)
        return model

    def train(self, model: Any, job: TrainingJob) -> None:
        """See TorchAdapter; the library's output goes to library.log in run_dir."""
        from methods._ultralytics import ranks
        from methods._ultralytics.trainer import Training

        texts = self.texts_to_show(job.vocabulary)
        training = Training(
            model, self.config, job, texts, self._library_device(), self._processes(), self.at_epoch_end()
        )
        with (job.run_dir / "library.log").open("a", encoding="utf-8") as log, redirect_stdout(log):
            ranks.train(training)

    def scored_weights(self) -> Literal["ema", "model"]:
        """See TorchAdapter."""
        return "ema" if self.config.ema else "model"

    def identity(self) -> dict[str, str]:
        """Only the size: methods of this engine with the same layers share checkpoints."""
        return {"variant": self.config.variant}

    def fit_facts(self, trained: Mapping[str, Any]) -> dict[str, Any]:
        """The number of threads, of processes where there were several, and the facts that the model reported."""
        import torch

        processes = {"processes": self._processes()} if self._processes() > 1 else {}
        return {"threads": torch.get_num_threads(), **processes, **trained.get("model", {})}

    def build_random(self, seed: int) -> None:
        """See Detector; `encode` builds the head again once the number of names is known."""
        super().build_random(seed)
        self._random_seed = seed

    def encode(self, vocabulary: Vocabulary) -> None:
        """See TorchAdapter. Raises RefusedError for names other than those of the fit."""
        if self._names is None:
            from methods._torch.state import seed_everything

            seed_everything(self._random_seed, -1)
            self._take(self.build_model(len(vocabulary)))
        elif self._names != vocabulary.names:
            raise RefusedError(f"{self.info.name} detects only the {len(self._names)} classes it was fitted on")

    def detect(self, images: Sequence[NDArray[np.uint8]], limits: Limits) -> list[Detections]:
        """See TorchAdapter."""
        from methods._ultralytics.predict import detect

        self._model.model[-1].max_det = limits.max_detections  # heads without NMS select their best themselves
        return detect(self._model, images, self.config.image_side_px, len(self.need_vocabulary("predict")), limits)

    def count_size(self, model: Any) -> Size:
        """Parameters, and FLOPs by the library's counter, of the layers as trained (not fused)."""
        gflops = self.gflops(model)
        parameters = list(model.parameters())
        return Size(
            parameters=sum(p.numel() for p in parameters),
            parameters_trained=sum(p.numel() for p in parameters if p.requires_grad),
            gflops=round(gflops, 3) if gflops else None,
            image_side_px=self.config.image_side_px,
        )

    def fused(self, model: Any) -> Any:
        """Batch norm folded into convolutions, as the library does before it predicts."""
        return model.fuse(verbose=False)

    # --- inside ---------------------------------------------------------------------------------------------------

    def _processes(self) -> int:
        """How many processes train together: one per device."""
        return 1 + self.device.count(",")

    def _library_device(self) -> str:
        """The device as the library's trainer names it: `cpu`, `0`, or `0,1` for several."""
        import torch

        kind, _, places = self.device.partition(":")
        if kind == "auto":
            return "0" if torch.cuda.is_available() else "cpu"
        return (places or "0") if kind == "cuda" else kind
