"""What detectors that are one torch module share: fit, load, export, size. An engine adds model, trainer, predict."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmark.core.detector import Detector
from benchmark.core.errors import ConfigError, MissingWeightsError, RecordError
from benchmark.core.method import FitResult, Report, Size
from benchmark.core.sample import Sample
from benchmark.core.vocabulary import Vocabulary
from benchmark.core.weights import ReleasedWeights

CHECKPOINT_FILE = "checkpoint.pt"


class TorchAdapter(Detector[Any]):
    """A detector whose checkpoint is the state of one module that knows its size (`variant`) and class names."""

    def __init__(self, config: Any, device: str = "auto") -> None:
        super().__init__(config, device)
        self._model: Any = None
        self._vocabulary: Vocabulary | None = None

    @classmethod
    def released_weights(cls, config: Any) -> ReleasedWeights | None:
        """The file of that size that INFO lists, if any."""
        return next((w for w in cls.info.weights if w.variant == config.variant and not w.part), None)

    @classmethod
    def starting_weights(cls, config: Any) -> ReleasedWeights | None:
        """The same, where a fit starts from it."""
        return cls.released_weights(config) if getattr(config, "init", None) == "released" else None

    def asked_weights(self, *, empty: bool, released: bool) -> ReleasedWeights | None:
        """The file that `build_model` is to load, checked to be here, or None for random weights.

        Raises MissingWeightsError where none was released for this size, or it is not here.
        """
        if not released and (empty or self.config.init != "released"):
            return None
        weights = self.released_weights(self.config)
        if weights is None:
            raise MissingWeightsError(
                f"no weights of {self.info.name}-{self.config.variant} were released; start from scratch with "
                "--set init=none"
            )
        weights.find()
        return weights

    def fit(
        self,
        train: Sequence[Sample],
        val: Sequence[Sample],  # noqa: ARG002  # the schedule is fixed
        vocabulary: Vocabulary,
        seed: int,
        run_dir: Path,
        start: Path | None = None,  # noqa: ARG002  # see starting_fit
        report: Report | None = None,
    ) -> FitResult:
        """See core.detector.Detector. Raises MissingWeightsError where released weights are asked for and not here."""
        if not train:
            raise ConfigError(f"{self.info.name}: there is no training image; check the split and train_images")
        from methods._torch.state import (
            STATE_FILE,
            epochs_done,
            interruptible,
            seed_everything,
            take_trained,
            write_tensors,
        )

        run_dir.mkdir(parents=True, exist_ok=True)
        seed_everything(seed, -1)
        model = self.build_model()
        facts: dict[str, Any] = {"init": self.config.init, "epochs": self.config.epochs}
        if epochs_done(run_dir / STATE_FILE) < self.config.epochs:
            trainer = self.make_trainer(model, vocabulary, seed, run_dir, report)
            with interruptible(run_dir):
                trainer.run(train)
        trained = take_trained(model, run_dir / STATE_FILE, "ema")
        state = {name: value.detach().cpu() for name, value in model.state_dict().items()}
        checkpoint = run_dir / CHECKPOINT_FILE
        # The method is named because two of one engine can have the same layers and mean other things by them.
        whose = {"method": self.info.name, "variant": self.config.variant}
        write_tensors({"state": state, "names": list(vocabulary.names), **whose}, checkpoint)
        (run_dir / STATE_FILE).unlink(missing_ok=True)
        facts["losses"] = trained["losses"]
        if "batch_parts" in trained:  # the device had too little memory for a batch at once
            facts["batch_parts"] = trained["batch_parts"]
        return FitResult(checkpoint, trained["seconds"] / 3600, facts)

    def load(self, checkpoint: Path) -> None:
        """See core.detector.Detector. Raises RecordError where the file is not a checkpoint of this model."""
        from methods._torch.state import read_tensors

        stored = read_tensors(checkpoint)
        own = stored.get("method", self.info.name) == self.info.name and stored.get("variant") == self.config.variant
        if {"state", "names", "variant"} - stored.keys() or not own:
            held = "-".join(str(stored[key]) for key in ("method", "variant") if key in stored)
            held = held or ", ".join(sorted(map(str, stored))[:5])
            raise RecordError(
                f"{checkpoint}: not a checkpoint of {self.info.name}-{self.config.variant} (it holds {held})"
            )
        model = self.build_model(empty=True)
        try:
            model.load_state_dict(
                {name: v.float() if v.is_floating_point() else v for name, v in stored["state"].items()}
            )
        except RuntimeError as error:
            first = str(error).splitlines()[-1].strip()
            raise RecordError(f"{checkpoint}: does not fit {self.info.name}-{self.config.variant}: {first}") from error
        self._take(model)

    def load_released(self) -> None:
        """Take the released weights, for a measurement off the shelf. Raises MissingWeightsError."""
        self._take(self.build_model(released=True))

    @classmethod
    def export(cls, checkpoint: Path, target: Path) -> None:
        """Write a finished fit's checkpoint with its floating-point tensors in half precision, small enough to ship."""
        from methods._torch.state import read_tensors, write_tensors

        stored = read_tensors(checkpoint)
        state = {name: value.half() if value.is_floating_point() else value for name, value in stored["state"].items()}
        write_tensors({**stored, "state": state}, target)

    def build_random(self, seed: int) -> None:
        """See core.detector.Detector."""
        from methods._torch.state import seed_everything

        seed_everything(seed, -1)
        self._take(self.build_model(empty=True))

    def size(self) -> Size:
        """See core.detector.Detector; FLOPs are left out, since they depend on image and caption."""
        if self._model is None:
            raise ConfigError(f"{self.info.name}: load or build_random comes before size")
        parameters = list(self._model.parameters())
        total = sum(p.numel() for p in parameters)
        return Size(total, total, None, self.config.image_side_px)

    @abstractmethod
    def build_model(self, *, empty: bool = False, released: bool = False) -> Any:
        """The model as the config says; `empty`: weights random whatever `init` says; `released`: the released ones."""

    @abstractmethod
    def make_trainer(self, model: Any, vocabulary: Vocabulary, seed: int, run_dir: Path, report: Report | None) -> Any:
        """An EpochTrainer of the engine."""

    def _take(self, model: Any) -> None:
        self._model = model.eval().to(self._device()).requires_grad_(False)

    def _device(self) -> str:
        if self.device == "auto":
            import torch

            return "cuda" if torch.cuda.is_available() else "cpu"
        return self.device
