"""Detectors that read class names as texts and are fine-tuned from released weights by an EpochTrainer."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from benchmark.core.errors import MissingWeightsError
from benchmark.core.weights import ReleasedWeights
from methods._torch.adapter import TorchAdapter, TrainingJob
from methods._torch.recipe import FineTuneRecipe
from methods._torch.weights import START

if TYPE_CHECKING:
    from methods._torch.trainer import EpochTrainer

Recipe = TypeVar("Recipe", bound=FineTuneRecipe)


class FineTunedAdapter(TorchAdapter[Recipe]):
    """A detector whose fit starts from a file of weights, unless `init` says from scratch."""

    @abstractmethod
    def make_trainer(self, model: Any, job: TrainingJob) -> EpochTrainer:
        """What trains the model."""

    @classmethod
    def starting_weights(cls, config: Recipe) -> ReleasedWeights | None:
        """Of that size: the released weights, or the file that INFO marks as where a fit starts."""
        files = (w for w in cls.info.weights if w.variant == config.variant and w.part in ("", START))
        return next(files, None) if config.init == "released" else None

    def start_model(self, class_count: int, start: Path | None) -> tuple[Any, dict[str, Any]]:  # noqa: ARG002
        """See TorchAdapter. Raises MissingWeightsError where none was released for this size, or it is not here."""
        facts = {"init": self.config.init}
        if self.config.init == "none":
            return self.build_model(class_count), facts
        weights = self.starting_weights(self.config)
        if weights is None:
            raise MissingWeightsError(
                f"no weights of {self.info.name}-{self.config.variant} were released; start from scratch with "
                "--set init=none"
            )
        weights.find()
        return self.read_model(weights), facts

    def train(self, model: Any, job: TrainingJob) -> None:
        """See TorchAdapter."""
        self.make_trainer(model, job).run()

    def fit_facts(self, trained: Mapping[str, Any]) -> dict[str, Any]:
        """Into how many parts a batch was split, where the device had too little memory for it at once."""
        return {"batch_parts": trained["batch_parts"]} if "batch_parts" in trained else {}
