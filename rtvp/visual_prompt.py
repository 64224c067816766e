"""The visual prompt as one path: image -> Mobile-SAM -> levels -> mask and rebuild -> score -> sample -> V."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from rtvp.config import STRIDES, PromptConfig
from rtvp.mask_decoder import build_decoder
from rtvp.multi_scale_sampling import MultiScaleSampling
from rtvp.patch_masking import PatchMasking
from rtvp.sam_encoder import SAMEncoder
from rtvp.sparse_sampling import SparseSampling
from rtvp.uncertainty_scorer import build_scorer


@dataclass(frozen=True, eq=False)
class LevelPrompt:
    """The results of the path at one level.

    coarse: F^ (B, C, H, W); scores: U and selected: M (B, 1, H, W), all ones without the refined prompt;
    refined: V = M * U * F^ (B, C, H, W); kept: B of Eq. 1 (B, 1, H, W), or None where nothing was masked.
    """

    coarse: Tensor
    scores: Tensor
    selected: Tensor
    refined: Tensor
    kept: Tensor | None


class VisualPrompter(nn.Module):
    """Frames 3-b of the paper's figure. channels: of the expert's P3, P4, P5."""

    def __init__(self, channels: tuple[int, int, int], config: PromptConfig) -> None:
        super().__init__()
        self.sam = SAMEncoder(config.sam_side_px)
        if config.sam_train == "frozen":
            self.sam.freeze()
        self.sampling = MultiScaleSampling(channels)
        self.masking: PatchMasking | None = None
        self.decoders: nn.ModuleList | None = None
        if config.adapter:
            self.masking = PatchMasking(
                channels,
                config.mask_patch_px,
                config.mask_ratio,
                shared=config.mask_shared,
                token=config.mask_fill == "token",
            )
            self.decoders = nn.ModuleList(build_decoder(config.decoder, c, config.decoder_width) for c in channels)
        self.scorers: nn.ModuleList | None = None
        self.samplers: nn.ModuleList | None = None
        if config.visual_prompt:
            self.scorers = nn.ModuleList(build_scorer(config.scorer, c) for c in channels)
            self.samplers = nn.ModuleList(SparseSampling(stride, config) for stride in STRIDES)

    def adapter_parts(self) -> list[nn.Module]:
        """The domain adaptation layer: what the stop rule freezes."""
        parts: list[nn.Module | None] = [self.sampling, self.masking, self.decoders]
        return [part for part in parts if part is not None]

    def forward(self, image: Tensor, *, mask: bool) -> list[LevelPrompt]:
        """RGB (B, 3, H, W) in [0, 1], sides multiples of 32, to the prompts of P3, P4, P5.

        mask: hide random patches from the decoder (training of the adapter only).
        """
        coarse: Sequence[Tensor] = self.sampling(self.sam(image))
        kept: Sequence[Tensor | None] = [None] * len(coarse)
        if self.masking is not None and mask:
            coarse, kept = self.masking(coarse)
        if self.decoders is not None:
            coarse = [decoder(feature) for decoder, feature in zip(self.decoders, coarse, strict=True)]
        return [self._refine(level, c, k) for level, (c, k) in enumerate(zip(coarse, kept, strict=True))]

    def _refine(self, level: int, coarse: Tensor, kept: Tensor | None) -> LevelPrompt:
        if self.scorers is None or self.samplers is None:
            ones = coarse.new_ones(coarse.shape[0], 1, *coarse.shape[2:])
            return LevelPrompt(coarse, ones, ones, coarse, kept)
        scores = self.scorers[level](coarse)
        selected = self.samplers[level](scores)
        return LevelPrompt(coarse, scores, selected, selected * scores * coarse, kept)
