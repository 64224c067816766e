"""DetCLIP-T, as far as GLIP-T's public weights allow: the same image side, names as parallel concepts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, final

from annotated_types import Interval

from methods._mmdet.adapter import GlipAdapter
from methods._mmdet.recipe import PROFILES, Recipe
from methods._torch.adapter import TrainingJob
from methods.detclip import INFO

__all__ = ["PROFILES", "Adapter", "Config"]


@dataclass(frozen=True)
class Config(Recipe):
    """The engine's recipe. t: GLIP-T with late fusion, from the weights of GLIP-T (A).

    max_tokens is the limit per concept here, max_names that of concepts per pass.
    """

    variant: Literal["t", "test"] = "t"
    max_tokens: Annotated[int, Interval(ge=8, le=256)] = 48
    concepts: Annotated[int, Interval(ge=1, le=256)] = 64
    """concepts shown with a training image: its own, others of the fit, then entries of the glossary"""


@final
class Adapter(GlipAdapter[Config]):
    """Predicts as GLIP with late fusion does, except that a column of its classifier is a concept."""

    info = INFO
    letters = {"t": "a"}  # noqa: RUF012  # declared as a class variable in the engine

    def reader(self, *, training: bool = False) -> Any:
        """See GlipAdapter: concepts instead of sentences."""
        from methods.detclip.concepts import Concepts

        max_names = None if training else self.config.max_names
        return Concepts(self.tokenizer(), self.config.max_tokens, max_names, self.config.concepts)

    def make_trainer(self, model: Any, job: TrainingJob) -> Any:
        """See FineTunedAdapter; entries of the glossary that name no class of the fit join as negatives."""
        from methods.detclip.concepts import negatives

        trainer = super().make_trainer(model, job)
        trainer.texts += negatives(trainer.texts)
        return trainer
