"""OmDet-Turbo as transformers builds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, final

from benchmark.core.settings import SidePx32
from methods._transformers.listed import Answers, ListedAdapter
from methods._transformers.recipe import LISTED_PROFILES as PROFILES
from methods._transformers.recipe import ListedRecipe
from methods.omdet_turbo import INFO

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["PROFILES", "Adapter", "Config"]

_TOKENS = 77
"""most tokens of a name, and of the task text of all names, because the text tower has no more positions"""


@dataclass(frozen=True)
class Config(ListedRecipe):
    """The engine's recipe with the image side of the released model."""

    variant: Literal["t", "test"] = "t"
    """the published size; test: a few layers, for tests only"""
    image_side_px: SidePx32 = 640


@final
class Adapter(ListedAdapter[Config]):
    """Layers, image rules and NMS are the library's. All names are also one task text, cut at 77 tokens."""

    info = INFO
    model_class = "OmDetTurboForObjectDetection"
    has_nms = True

    def model_config(self, folder: Path | None) -> Any:
        """Swin-T and CLIP's text tower; the released model's own settings where they are here."""
        from transformers import CLIPTextConfig, OmDetTurboConfig, SwinConfig

        if folder:
            return OmDetTurboConfig.from_pretrained(str(folder))
        side = self.config.image_side_px
        if self.config.variant != "test":
            return OmDetTurboConfig(image_size=side)
        swin: Any = SwinConfig
        return OmDetTurboConfig(
            backbone_config=swin(
                embed_dim=24,
                depths=[1, 1, 2, 1],
                num_heads=[1, 2, 4, 8],
                window_size=3,
                image_size=side,
                out_indices=[2, 3, 4],
            ),
            text_config=CLIPTextConfig(
                vocab_size=30522,
                hidden_size=48,  # the library's decoder requires a size other than its own
                intermediate_size=64,
                num_hidden_layers=2,
                num_attention_heads=4,
                projection_dim=32,
                bos_token_id=101,
                eos_token_id=102,
            ),
            apply_layernorm_after_vision_backbone=False,
            image_size=side,
            text_projection_in_dim=48,
            text_projection_out_dim=48,
            task_encoder_hidden_dim=64,
            class_embed_dim=48,
            num_queries=30,
            vision_features_channels=[32, 32, 32],
            encoder_in_channels=[48, 96, 192],
            encoder_hidden_dim=32,
            encoder_dim_feedforward=64,
            encoder_attention_heads=4,
            decoder_hidden_dim=32,
            decoder_num_heads=4,
            decoder_num_layers=2,
            decoder_dim_feedforward=64,
        )

    def encode_texts(self, model: Any, texts: Sequence[str]) -> Any:
        """Class features (K, 1, D), task features (T, 1, D), task mask (1, T)."""
        import torch

        ids, _ = self.tokens(texts, _TOKENS)
        task_ids, task_mask = self.tokens([f"Detect {', '.join(texts)}."], _TOKENS)
        with torch.no_grad():
            classes = model.language_backbone(ids, encode_type="class")
            task, mask = model.language_backbone(task_ids, mask=task_mask, encode_type="task")
        return classes[:, None], task, mask

    def answer(self, model: Any, pixels: Tensor, texts: Any) -> Answers:
        """Outputs of the last layer; in training, before them, those of the encoder's proposals and other layers."""
        classes, task, mask = texts
        count = len(pixels)
        states = model.encoder(model.vision_backbone(pixels), return_dict=True).extracted_states
        out = model.decoder(
            states, classes.expand(-1, count, -1), task.expand(-1, count, -1), mask.expand(count, -1), return_dict=True
        )
        stages = list(zip(out.decoder_classes, out.decoder_coords, strict=True))
        if model.training:
            stages.insert(0, (out.encoder_class_logits, out.encoder_coord_logits))
        return stages

    def processor(self) -> Any:
        """See ListedAdapter: resizes to a square without keeping the aspect, normalises by ImageNet's statistics."""
        from transformers import DetrImageProcessor

        side = {"height": self.config.image_side_px, "width": self.config.image_side_px}
        return DetrImageProcessor(size=side, do_pad=False)

    def frame_px(self, image_hw: tuple[int, ...]) -> tuple[int, int]:
        """See ListedAdapter: the image itself."""
        return image_hw[1], image_hw[0]
