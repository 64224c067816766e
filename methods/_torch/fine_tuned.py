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
    """A detector whose fit starts from released weights, unless `init` is `none`."""

    @abstractmethod
    def make_trainer(self, model: Any, job: TrainingJob) -> EpochTrainer:
        """The trainer of `model`."""

    @classmethod
    def starting_weights(cls, config: Recipe) -> ReleasedWeights | None:
        """The file that a fit of this size starts from: released weights, or the one that INFO marks as START."""
        files = (w for w in cls.info.weights if w.variant == config.variant and w.part in ("", START))
        return next(files, None) if config.init == "released" else None

    def start_model(self, class_count: int, start: Path | None) -> tuple[Any, dict[str, Any]]:  # noqa: ARG002
        """See TorchAdapter. Raises MissingWeightsError where this size has no released weights, or no file of them."""
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
        """The number of parts that a batch was split into, where the device had too little memory for a whole one."""
        return {"batch_parts": trained["batch_parts"]} if "batch_parts" in trained else {}
