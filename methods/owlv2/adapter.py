"""OWLv2 as transformers builds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, final

from methods._transformers.listed import Answers, ListedAdapter
from methods._transformers.recipe import LISTED_PROFILES as PROFILES
from methods._transformers.recipe import ListedRecipe
from methods.owlv2 import INFO

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["PROFILES", "Adapter", "Config"]

_TOKENS = 16
"""most tokens of a name, because the text tower has no more positions"""


@dataclass(frozen=True)
class Config(ListedRecipe):
    """The engine's recipe, unchanged."""

    variant: Literal["b", "test"] = "b"
    """the published size; test: a few layers, for tests only"""


@final
class Adapter(ListedAdapter[Config]):
    """Layers and image rules are the library's; each patch is scored for every class, not only its best one."""

    info = INFO
    model_class = "Owlv2ForObjectDetection"

    def model_config(self, folder: Path | None) -> Any:
        """Base size with patches of 16 px; the released model's own settings where they are here."""
        from transformers import Owlv2Config

        if folder:
            return Owlv2Config.from_pretrained(str(folder))
        if self.config.variant == "test":
            small = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
            return Owlv2Config(
                text_config={**small, "vocab_size": 30522, "bos_token_id": 101, "eos_token_id": 102},
                vision_config={**small, "image_size": self.config.image_side_px, "patch_size": 16},
                projection_dim=32,
            )
        return Owlv2Config(vision_config={"image_size": self.config.image_side_px})

    def encode_texts(self, model: Any, texts: Sequence[str]) -> Any:
        """Unit vectors (K, D) of the texts."""
        import torch

        ids, mask = self.tokens(texts, _TOKENS)
        with torch.no_grad():
            pooled = model.owlv2.text_model(input_ids=ids, attention_mask=mask).pooler_output
            projected = model.owlv2.text_projection(pooled)
        return torch.nn.functional.normalize(projected, dim=-1)

    def answer(self, model: Any, pixels: Tensor, texts: Any) -> Answers:
        """One box per patch, one score per patch and text."""
        features, _ = model.image_embedder(pixel_values=pixels)
        patches = features.flatten(1, 2)
        logits, _ = model.class_predictor(patches, texts.expand(len(pixels), -1, -1))
        return [(logits, model.box_predictor(patches, features))]

    def processor(self) -> Any:
        """Padded to a square at the right and the bottom, then resized."""
        from transformers import Owlv2ImageProcessor

        return Owlv2ImageProcessor(size={"height": self.config.image_side_px, "width": self.config.image_side_px})

    def frame_px(self, image_hw: tuple[int, ...]) -> tuple[int, int]:
        """See ListedAdapter: the padded square."""
        return max(image_hw), max(image_hw)
