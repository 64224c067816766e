"""RTVP on the shared engine: its settings, weights and explanations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import NDArray

from benchmark.core.detector import Explanation
from benchmark.core.errors import ConfigError
from benchmark.core.plugins import load
from methods._ultralytics.open_vocabulary import CLIP, OpenRecipe, OpenVocabularyAdapter
from methods._ultralytics.recipe import PROFILES as RECIPES
from methods.rtvp import INFO
from methods.rtvp._sam_weights import check, find, resolve
from rtvp.config import PromptConfig

if TYPE_CHECKING:
    from torch import Tensor

PROFILES: dict[str, dict[str, Any]] = {
    name: {**recipe, "text_encoder": "minilm", "sam_side_px": recipe["image_side_px"] // 2}
    for name, recipe in RECIPES.items()
    if name != "paper"
}
PROFILES["paper"] = {**RECIPES["paper"], "text_encoder": CLIP}
# Smoke and demo never use released weights: a file on the user's disk must not change the shipped fit's id.
PROFILES["quick"]["sam_weights"] = PROFILES["paper"]["sam_weights"] = "auto"


@dataclass(frozen=True)
class Config(OpenRecipe, PromptConfig):
    """The engine's settings and those of the prompts (rtvp/config.py)."""

    sam_weights: str = "none"
    """Mobile-SAM's released weights: auto (if they are in the weights folder), none, or mobile-sam@<digest>"""

    def __post_init__(self) -> None:
        try:
            PromptConfig.__post_init__(self)
        except ValueError as error:
            raise ConfigError(str(error)) from error
        check(self.sam_weights)


@final
class Adapter(OpenVocabularyAdapter[Config]):
    """Engine, recipe and post-processing are those of YOLO-World, its paired baseline."""

    info = INFO

    @classmethod
    def settled(cls, config: Config) -> Config:
        """See Detector: `auto` becomes the digest of Mobile-SAM's file."""
        return replace(config, sam_weights=resolve(config.sam_weights))

    def build_model(self, class_count: int) -> Any:
        """RTVP with our text projection and random weights; a pretrained encoder is frozen."""
        from methods._ultralytics.text_projection import TextProjection
        from rtvp.model import RTVP

        projection = TextProjection(load("text encoder", self.config.text_encoder).dimensions)
        model = RTVP(self.config.variant, class_count, projection, self.config)
        if self.config.sam_weights != "none" and self.config.sam_train == "auto":
            model.prompter.sam.freeze()
        return model

    def start_from(self, model: Any, state: Mapping[str, Tensor]) -> dict[str, Any]:
        """Copy the expert's backbone into the detector, and the whole expert into a separate one, if there is one."""
        facts = super().start_from(model, state)
        if model.expert is not None:
            model.expert.load_state_dict(state)
        return facts

    def prepare_for_fit(self, model: Any) -> dict[str, Any]:
        """Load Mobile-SAM's weights into a model before its fit; facts on its encoder and expert for the record."""
        if self.config.sam_weights != "none":
            from methods._torch.state import read_tensors

            model.load_sam(read_tensors(find(self.config.sam_weights)))
        origin = "random" if self.config.sam_weights == "none" else "pretrained"
        return {
            "sam": f"{origin}, {'frozen' if model.prompter.sam.frozen else 'trained here'}",
            "sam_weights": self.config.sam_weights,
            "expert": self.config.expert,
            "selection": self.config.selection,
        }

    def at_epoch_end(self) -> Callable[[Any, int], Mapping[str, Any]]:
        """A function that applies the stop rule of the domain adaptation."""
        from rtvp.model import RTVP

        return RTVP.on_epoch_end

    def explain(self, images: Sequence[NDArray[np.uint8]]) -> list[Explanation]:
        """See Detector.

        Maps beside `features`: `score` (U), `selected` (M) and `visual`, the magnitude of the refined prompt V.
        """
        self.need_vocabulary("explain")
        from methods._ultralytics.explain import explanations
        from methods._ultralytics.predict import letterbox

        side_px = self.config.image_side_px
        shown = self._model.explain(letterbox(images, side_px).to(next(self._model.parameters()).device))
        maps = {
            "score": [prompt.scores[:, 0] for prompt in shown.prompts],
            "selected": [prompt.selected[:, 0] for prompt in shown.prompts],
            "visual": [prompt.refined.abs().mean(dim=1) for prompt in shown.prompts],
        }
        return explanations(shown.features, maps, images, side_px)
