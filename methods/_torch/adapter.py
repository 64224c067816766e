"""What all detectors on torch share: fit, load, export, size and the checkpoint's form. An engine adds the rest."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from benchmark.core.detections import Detections
from benchmark.core.detector import Config, Detector, Limits
from benchmark.core.errors import ConfigError, MissingWeightsError, RecordError
from benchmark.core.method import FitResult, Report, Size
from benchmark.core.paths import FitPaths
from benchmark.core.sample import Sample
from benchmark.core.vocabulary import Vocabulary
from benchmark.core.weights import ReleasedWeights

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class TrainingJob:
    """The arguments of one call of `fit` that its training needs; see core.detector.Detector."""

    train: Sequence[Sample]
    vocabulary: Vocabulary
    seed: int
    run_dir: Path
    report: Report | None = None

    @property
    def state(self) -> Path:
        """The file that an interrupted training continues from."""
        return FitPaths(self.run_dir).state


class TorchAdapter(Detector[Config]):
    """A detector that is one torch module.

    A checkpoint holds {"state": state dict, "names": vocabulary of the fit} and the entries of `identity`: tensors and
    plain values.
    """

    def __init__(self, config: Config, device: str = "auto") -> None:
        super().__init__(config, device)
        self._model: Any = None
        self._size: Size | None = None
        self._vocabulary: Vocabulary | None = None
        self._names: tuple[str, ...] | None = None
        """class names that the loaded weights were fitted on; None: random weights"""

    # --- what an engine or a method adds --------------------------------------------------------------------------

    @abstractmethod
    def build_model(self, class_count: int) -> Any:
        """A new model with random weights and, where its layers depend on it, a head of that many classes."""

    @abstractmethod
    def read_model(self, weights: ReleasedWeights) -> Any:
        """The model with the weights of a released file. Raises RecordError where the file is of another model."""

    @abstractmethod
    def train(self, model: Any, job: TrainingJob) -> None:
        """Train `model` in place for the epochs that are left; save the state after each in run_dir."""

    @abstractmethod
    def encode(self, vocabulary: Vocabulary) -> None:
        """Make the model detect these names; called by set_vocabulary once a model is loaded."""

    @abstractmethod
    def detect(self, images: Sequence[NDArray[np.uint8]], limits: Limits) -> list[Detections]:
        """One Detections per image; called by predict with at least one image, once names are set."""

    @staticmethod
    def prepare() -> None:
        """Import the engine's library, offline and quiet; called before any other import of it."""

    def start_model(self, class_count: int, start: Path | None) -> tuple[Any, dict[str, Any]]:  # noqa: ARG002  # a hook
        """The model that a fit starts from, and facts for the record. start: checkpoint of the starting fit, if any."""
        return self.build_model(class_count), {}

    def head_classes(self, class_count: int) -> int:
        """The number of classes to build a model with that is fitted on that many names."""
        return class_count

    def count_size(self, model: Any) -> Size:
        """The number of parameters, all of them trained, and no FLOPs; overridden where the FLOPs are fixed."""
        total = sum(p.numel() for p in model.parameters())
        return Size(total, total, None, self.config.image_side_px)

    def deployed(self, model: Any) -> Any:
        """The model without parts that only training needs, as `size` counts it and `predict` runs it."""
        return model

    def fused(self, model: Any) -> Any:
        """The same model in the form in which it predicts fastest."""
        return model

    def identity(self) -> dict[str, str]:
        """Entries that distinguish its checkpoints from others of the same layers; `variant` is always one."""
        return {"method": self.info.name, "variant": self.config.variant}

    def scored_weights(self) -> Literal["ema", "model"]:
        """Which weights of the last epoch are kept: the averaged ones (ema) or the trained ones (model)."""
        return "ema"

    def fit_facts(self, trained: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002  # a hook
        """Facts for the record, taken from those that the training saved."""
        return {}

    # --- the contract ---------------------------------------------------------------------------------------------

    @classmethod
    def released_weights(cls, config: Config) -> ReleasedWeights | None:
        """The file that INFO lists for this size, if any."""
        return next((w for w in cls.info.weights if w.variant == config.variant and not w.part), None)

    def fit(
        self,
        train: Sequence[Sample],
        val: Sequence[Sample],  # noqa: ARG002  # the schedule is fixed: nothing is chosen while training
        vocabulary: Vocabulary,
        seed: int,
        run_dir: Path,
        start: Path | None = None,
        report: Report | None = None,
    ) -> FitResult:
        """See Detector. Raises MissingWeightsError where the fit starts from released weights that are missing."""
        if not train:
            raise ConfigError(f"{self.info.name}: there is no training image; check the split and train_images")
        self.prepare()
        from methods._torch.state import epochs_done, interruptible, seed_everything, take_trained, write_tensors

        paths = FitPaths(run_dir)
        run_dir.mkdir(parents=True, exist_ok=True)
        seed_everything(seed, -1)
        model, facts = self.start_model(self.head_classes(len(vocabulary)), start)
        # A fit that was stopped between its last epoch and its checkpoint has nothing left to train.
        if epochs_done(paths.state) < self.config.epochs:
            with interruptible(paths.state):
                self.train(model, TrainingJob(train, vocabulary, seed, run_dir, report))
        trained = take_trained(model, paths.state, self.scored_weights())
        state = {name: value.detach().cpu() for name, value in model.state_dict().items()}
        write_tensors({"state": state, "names": list(vocabulary.names), **self.identity()}, paths.checkpoint)
        paths.state.unlink(missing_ok=True)
        facts |= {"epochs": self.config.epochs, "losses": trained.get("losses", {}), **self.fit_facts(trained)}
        return FitResult(paths.checkpoint, trained["seconds"] / 3600, facts)

    def load(self, checkpoint: Path) -> None:
        """See Detector. Raises RecordError where the file is not a checkpoint of this model."""
        self.prepare()
        from methods._torch.state import read_tensors

        stored = read_tensors(checkpoint)
        own = all(stored.get(key, value) == value for key, value in self.identity().items())
        if {"state", "names", "variant"} - stored.keys() or not own:
            named = [f"{key} {stored[key]}" for key in ("method", "variant") if key in stored]
            held = ", ".join(named or sorted(map(str, stored))[:5]) or "nothing"
            model = f"{self.info.name}-{self.config.variant}"
            raise RecordError(f"{checkpoint}: not a checkpoint of {model} but of {held}; give one that its fit wrote")
        model = self.build_model(self.head_classes(len(stored["names"])))
        self.fill(model, stored["state"], checkpoint)
        self._names = tuple(stored["names"])
        self._take(model)

    def load_released(self) -> None:
        """See Detector. Raises RecordError where the file is of another model."""
        weights = self.released_weights(self.config)
        if weights is None:
            raise MissingWeightsError(f"no weights of {self.info.name}-{self.config.variant} were released")
        self.prepare()
        weights.find()
        self._take(self.read_model(weights))

    @classmethod
    def export(cls, checkpoint: Path, target: Path) -> None:
        """Write a finished fit's checkpoint with its floating-point tensors in half precision, small enough to ship."""
        from methods._torch.state import read_tensors, write_tensors

        stored = read_tensors(checkpoint)
        state = {name: value.half() if value.is_floating_point() else value for name, value in stored["state"].items()}
        write_tensors({**stored, "state": state}, target)

    def build_random(self, seed: int) -> None:
        """See Detector."""
        self.prepare()
        from methods._torch.state import seed_everything

        seed_everything(seed, -1)
        self._names = None
        self._take(self.build_model(1))

    def set_vocabulary(self, vocabulary: Vocabulary) -> None:
        """See Detector."""
        if self._model is None:
            raise ConfigError(f"{self.info.name}: load or build_random comes before set_vocabulary")
        self.encode(vocabulary)
        self._vocabulary = vocabulary

    def predict(self, images: Sequence[NDArray[np.uint8]], limits: Limits) -> list[Detections]:
        """See Detector."""
        self.need_vocabulary("predict")
        return self.detect(images, limits) if images else []

    def size(self) -> Size:
        """See Detector."""
        if self._size is None:
            raise ConfigError(f"{self.info.name}: load or build_random comes before size")
        return self._size

    def precision(self) -> str:
        """See Detector: the precision of the model's parameters."""
        import torch

        names = {torch.float32: "fp32", torch.float16: "fp16", torch.bfloat16: "bf16"}
        return names[next(self._model.parameters()).dtype]

    # --- for the adapters of the engines --------------------------------------------------------------------------

    def need_vocabulary(self, call: str) -> Vocabulary:
        """The vocabulary that was set. Raises ConfigError where none was. call: the method's name, for the error."""
        if self._vocabulary is None:
            raise ConfigError(f"{self.info.name}: set_vocabulary comes before {call}")
        return self._vocabulary

    def fill(self, model: Any, state: Mapping[str, Tensor], path: Path) -> None:
        """Load the tensors of the file at `path` into a model, in float32. Raises RecordError where they do not fit."""
        try:
            model.load_state_dict({name: v.float() if v.is_floating_point() else v for name, v in state.items()})
        except RuntimeError as error:
            first = str(error).splitlines()[-1].strip()
            raise RecordError(f"{path}: does not fit {self.info.name}-{self.config.variant}: {first}") from error

    def torch_device(self) -> str:
        """Torch's name of the device that predicts; the first where several are given."""
        if self.device == "auto":
            import torch

            return "cuda" if torch.cuda.is_available() else "cpu"
        return self.device.split(",")[0]

    def _take(self, model: Any) -> None:
        model = self.deployed(model.eval())
        self._size = self.count_size(model)
        self._model = self.fused(model).to(self.torch_device()).requires_grad_(False)
