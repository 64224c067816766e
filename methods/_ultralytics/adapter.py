"""What the detectors of this engine share: fit, load, predict. A method adds its Config and how its model is built."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmark.core.detections import Detections
from benchmark.core.detector import Detector, Limits
from benchmark.core.errors import ConfigError, MissingWeightsError, RecordError, RefusedError
from benchmark.core.method import FitResult, Report, Size
from benchmark.core.paths import Home
from benchmark.core.plugins import load
from benchmark.core.sample import Sample
from benchmark.core.vocabulary import Vocabulary
from benchmark.core.weights import ReleasedWeights
from benchmark.text.vectors.cache import embed
from methods._ultralytics.recipe import Recipe

if TYPE_CHECKING:
    from torch import Tensor

CHECKPOINT_FILE = "checkpoint.pt"


class UltralyticsAdapter(Detector[Any]):
    """A detector on the ultralytics engine. Subclasses set `info` and override `build_model`, where needed the rest.

    A checkpoint holds {"state": state dict, "names": fit vocabulary, "variant": size}: tensors and plain values.
    """

    continues = True

    def __init__(self, config: Any, device: str = "auto") -> None:
        super().__init__(config, device)
        self._model: Any = None
        self._size: Size | None = None
        self._names: tuple[str, ...] | None = None
        self._random_seed = 0
        self._vocabulary: Vocabulary | None = None

    # --- what a method overrides ----------------------------------------------------------------------------------

    @classmethod
    def text_encoder(cls, config: Any) -> str | None:
        """Name of the text encoder, or None for a closed vocabulary."""
        return getattr(config, "text_encoder", None)

    def build_model(self, class_count: int) -> Any:
        """A new model with a head of `class_count` classes, weights random. Called after `prepare`."""
        from ultralytics.nn.tasks import DetectionModel

        return DetectionModel(f"yolov8{self.config.variant}.yaml", ch=3, nc=class_count, verbose=False)

    def start_from(self, model: Any, state: Mapping[str, Tensor]) -> dict[str, Any]:
        """Put the starting fit's weights into a new model; facts for the record."""
        from methods._ultralytics.backbone import copy_backbone

        return {"expert_tensors": copy_backbone(model, state)}

    def _start(self, model: Any, state: Mapping[str, Tensor]) -> dict[str, Any]:
        """An own earlier fit gives every tensor but those that the number of classes shapes, another one its part."""
        own = model.state_dict()
        if own.keys() != state.keys():
            return self.start_from(model, state)
        fitting = {name: value for name, value in state.items() if value.shape == own[name].shape}
        model.load_state_dict(fitting, strict=False)
        return {"pretrained_tensors": len(fitting)}

    def deployed(self, model: Any) -> Any:
        """The model without what only training needs; what `size` counts and `predict` runs."""
        return model

    def gflops(self, model: Any) -> float:
        """Billions of operations for one image by the library's counter (2 a multiply-add), 0 where it cannot tell."""
        from ultralytics.utils.torch_utils import get_flops

        return float(get_flops(copy.deepcopy(model), self.config.image_side_px))

    def model_facts(self, model: Any) -> dict[str, Any]:  # noqa: ARG002  # a hook
        """Facts about a model that was built for a fit."""
        return {}

    def mark(self) -> str:
        """What tells its checkpoints from others of the same layers: the size; a method adds its name where needed."""
        return str(self.config.variant)

    # --- released weights -----------------------------------------------------------------------------------------

    @classmethod
    def released_weights(cls, config: Any) -> ReleasedWeights | None:
        """The library's file of that size; overridden where a setting chooses among several."""
        return next((w for w in cls.info.weights if w.variant == config.variant and not w.part), None)

    def read_weights(self, weights: ReleasedWeights) -> tuple[dict[str, Tensor], tuple[str, ...]]:
        """State dict and class names of a released file; overridden where it is not one of the library's."""
        from methods._ultralytics.released import read_checkpoint

        return read_checkpoint(weights.find())

    def load_released(self) -> None:
        """See core.detector.Detector. Raises RecordError where the file is another model's."""
        weights = self.released_weights(self.config)
        if weights is None:
            raise MissingWeightsError(f"no weights of {self.info.name}-{self.config.variant} were released")
        from methods._ultralytics.library import prepare

        prepare()
        state, names = self.read_weights(weights)
        model = self.build_model(len(names))
        self._fill(model, state, weights.path)
        self._names = names
        self._take(model)

    # --- the contract ---------------------------------------------------------------------------------------------

    def fit(
        self,
        train: Sequence[Sample],
        val: Sequence[Sample],
        vocabulary: Vocabulary,
        seed: int,
        run_dir: Path,
        start: Path | None = None,
        report: Report | None = None,
    ) -> FitResult:
        """See core.detector.Detector."""
        from methods._ultralytics.library import prepare

        prepare()
        import torch

        from methods._torch.state import (
            STATE_FILE,
            epochs_done,
            interruptible,
            read_tensors,
            seed_everything,
            take_trained,
            write_tensors,
        )

        if not train:
            raise ConfigError(f"{self.info.name}: there is no training image; check the split and train_images")
        run_dir.mkdir(parents=True, exist_ok=True)
        seed_everything(seed, -1)
        texts = self._fit_texts(vocabulary)
        model = self.build_model(self._head_classes(len(vocabulary)))
        facts = self.model_facts(model)
        if start is not None:
            facts.update(self._start(model, read_tensors(start)["state"]))
        # A fit that was stopped between its last epoch and its checkpoint has nothing left to train.
        if epochs_done(run_dir / STATE_FILE) < self.config.epochs:
            from methods._ultralytics import ranks
            from methods._ultralytics.trainer import Training

            training = Training(
                model,
                self._recipe(),
                train,
                val,
                vocabulary.names,
                texts,
                seed,
                run_dir,
                self._device(),
                report,
                self._processes(),
            )
            with (
                (run_dir / "library.log").open("a", encoding="utf-8") as log,
                redirect_stdout(log),
                interruptible(run_dir),
            ):
                ranks.train(training)
        trained = take_trained(model, run_dir / STATE_FILE, "ema" if self.config.ema else "model")
        state = {name: value.detach().cpu() for name, value in model.state_dict().items()}
        checkpoint = run_dir / CHECKPOINT_FILE
        write_tensors({"state": state, "names": list(vocabulary.names), "variant": self.mark()}, checkpoint)
        (run_dir / STATE_FILE).unlink(missing_ok=True)
        facts.update(
            epochs=self.config.epochs,
            losses=trained.get("losses", {}),
            threads=torch.get_num_threads(),
            **({"processes": self._processes()} if self._processes() > 1 else {}),
            **trained.get("model", {}),
        )
        return FitResult(checkpoint, trained["seconds"] / 3600, facts)

    def load(self, checkpoint: Path) -> None:
        """See core.detector.Detector. Raises RecordError where the file is not a checkpoint of this model."""
        from methods._ultralytics.library import prepare

        prepare()
        from methods._torch.state import read_tensors

        stored = read_tensors(checkpoint)
        missing = {"state", "names", "variant"} - stored.keys()
        if missing or stored["variant"] != self.mark():
            held = stored.get("variant", ", ".join(sorted(map(str, stored))[:5]))
            raise RecordError(
                f"{checkpoint}: not a checkpoint of {self.info.name}-{self.config.variant} (it holds {held})"
            )
        model = self.build_model(self._head_classes(len(stored["names"])))
        self._fill(model, stored["state"], checkpoint)
        self._names = tuple(stored["names"])
        self._take(model)

    @classmethod
    def export(cls, checkpoint: Path, target: Path) -> None:
        """Write a finished fit's checkpoint with its floating-point tensors in half precision, small enough to ship."""
        from methods._ultralytics.library import prepare

        prepare()
        from methods._torch.state import read_tensors, write_tensors

        stored = read_tensors(checkpoint)
        state = {name: value.half() if value.is_floating_point() else value for name, value in stored["state"].items()}
        write_tensors({**stored, "state": state}, target)

    def build_random(self, seed: int) -> None:
        """See core.detector.Detector; a closed-vocabulary model is built when the vocabulary is set."""
        from methods._ultralytics.library import prepare

        prepare()
        from methods._torch.state import seed_everything

        seed_everything(seed, -1)
        self._names, self._random_seed = None, seed
        self._take(self.build_model(1 if self.text_encoder(self.config) else 80))

    def set_vocabulary(self, vocabulary: Vocabulary) -> None:
        """See core.detector.Detector. Raises RefusedError where a closed vocabulary is asked for other names."""
        if self._model is None:
            raise ConfigError(f"{self.info.name}: load or build_random comes before set_vocabulary")
        texts = self._embed(vocabulary)
        if texts is not None:
            self._model.set_text(texts)
        elif self._names is None:
            from methods._torch.state import seed_everything

            seed_everything(self._random_seed, -1)
            self._take(self.build_model(len(vocabulary)))
        elif self._names != vocabulary.names:
            raise RefusedError(f"{self.info.name} detects only the {len(self._names)} classes it was fitted on")
        self._vocabulary = vocabulary

    def predict(self, images: Sequence[NDArray[np.uint8]], limits: Limits) -> list[Detections]:
        """See core.detector.Detector."""
        if self._vocabulary is None:
            raise ConfigError(f"{self.info.name}: set_vocabulary comes before predict")
        from methods._ultralytics.predict import detect

        self._model.model[-1].max_det = limits.max_detections  # heads without suppression pick their best by themselves
        return detect(self._model, images, self.config.image_side_px, len(self._vocabulary), limits)

    def size(self) -> Size:
        """See core.detector.Detector; FLOPs by the library's counter, of the layers as trained (not fused)."""
        if self._size is None:
            raise ConfigError(f"{self.info.name}: load or build_random comes before size")
        return self._size

    # --- inside ---------------------------------------------------------------------------------------------------

    def _fill(self, model: Any, state: Mapping[str, Tensor], path: Path) -> None:
        try:
            model.load_state_dict(
                {name: value.float() if value.is_floating_point() else value for name, value in state.items()}
            )
        except RuntimeError as error:
            first = str(error).splitlines()[-1].strip()
            raise RecordError(f"{path}: does not fit {self.info.name}-{self.config.variant}: {first}") from error

    def _take(self, model: Any) -> None:
        model = self.deployed(model.eval())
        gflops = self.gflops(model)
        parameters = list(model.parameters())
        self._size = Size(
            parameters=sum(p.numel() for p in parameters),
            parameters_trained=sum(p.numel() for p in parameters if p.requires_grad),
            gflops=round(gflops, 3) if gflops else None,
            image_side_px=self.config.image_side_px,
        )
        # Folding batch norm into convolutions is what the library does before it predicts.
        self._model = model.fuse(verbose=False).to(self._torch_device()).requires_grad_(False)

    def _embed(self, vocabulary: Vocabulary) -> Tensor | None:
        name = self.text_encoder(self.config)
        if name is None:
            return None
        import torch

        return torch.from_numpy(embed(load("text encoder", name), vocabulary, Home.find().text))

    def _head_classes(self, names: int) -> int:
        """Width of the head at a fit on that many names: the library derives the nano head's shapes from it."""
        return max(names, getattr(self.config, "pad_prompts", 0))

    def _fit_texts(self, vocabulary: Vocabulary) -> Tensor | None:
        """What every training image is shown: the names, filled up with the empty string where `pad_prompts` asks."""
        texts = self._embed(vocabulary)
        missing = getattr(self.config, "pad_prompts", 0) - len(vocabulary)
        if texts is None or missing <= 0:
            return texts
        import torch

        # No box has an empty name, so these act as negatives, as in the original's training.
        empty = torch.from_numpy(load("text encoder", self.text_encoder(self.config) or "").encode([""]))
        return torch.cat([texts, empty.expand(missing, -1)])

    def _recipe(self) -> Recipe:
        config: Recipe = self.config
        return config

    def _processes(self) -> int:
        """How many train together: one, or one a device where several are asked for."""
        return 1 + self.device.count(",")

    def _device(self) -> str:
        """As the library's trainer names it: `cpu`, `0`, or `0,1` for several."""
        import torch

        kind, _, places = self.device.partition(":")
        if kind == "auto":
            return "0" if torch.cuda.is_available() else "cpu"
        return (places or "0") if kind == "cuda" else kind

    def _torch_device(self) -> str:
        """The first one as torch names it: what predicts."""
        first = self._device().split(",")[0]
        return f"cuda:{first}" if first.isdigit() else first
