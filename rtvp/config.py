"""Settings of RTVP: one field per decision that the paper leaves open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Interval, MultipleOf

STRIDES = (8, 16, 32)
"""pixels of the input image per cell, for the levels P3, P4, P5"""

SELECTION_STRIDE = 4
"""pixels of the input image per cell, for the map on which `select_at=image` selects"""

Share = Annotated[float, Interval(ge=0, le=1)]
PositiveShare = Annotated[float, Interval(gt=0, le=1)]
Weight = Annotated[float, Interval(ge=0, le=1000)]
PatchPx = Annotated[int, Interval(ge=1, le=8192)]


@dataclass(frozen=True)
class PromptConfig:
    """Settings of the model and its training. Raises ValueError for a combination that contradicts itself.

    Ranges beside the types are checked where a config is made from a user's settings, not here.

    The switches `adapter`, `visual_prompt` and `interaction` are the rows of Table 5, `patch_size` that of Table 6.
    Sizes called `_px` and `patch_size` are pixels of the detector's input image.
    """

    adapter: bool = True
    """expert-assisted domain adaptation: masking, mask decoder and its loss"""
    visual_prompt: bool = True
    """refined visual prompt: scorer, sparse sampling and auxiliary head"""
    interaction: bool = True
    """max-sigmoid text-visual neck; off: the plain PAN of YOLOv8, contrastive head kept"""

    expert: Literal["shared", "separate"] = "shared"
    """whose features the decoder rebuilds: the detector's own backbone, or a second YOLOv8 with a loss of its own"""
    expert_weight: Weight = 1.0
    """weight of the separate expert's detection loss"""

    sam_side_px: Annotated[int, Interval(ge=32, le=8192), MultipleOf(16)] | None = None
    """longer side that the Mobile-SAM encoder sees; None: the detector's own"""
    sam_train: Literal["auto", "frozen", "trained"] = "auto"
    """auto: frozen with released weights, trained from scratch without"""

    mask_patch_px: PatchPx = 32
    mask_ratio: PositiveShare = 0.65
    mask_shared: bool = True
    """one draw per image for all levels whose patch grids agree"""
    mask_fill: Literal["zero", "token"] = "zero"

    decoder: Literal["pairs", "pairs4", "stacked", "hourglass", "depthwise"] = "pairs"
    """pairs: 3 x (3x3 convolution, 3x3 deconvolution); the others are in mask_decoder.py"""
    decoder_width: Annotated[int, Interval(ge=1, le=65_536)] | None = None
    """channels inside the decoder; None: those of the level"""

    da_distance: Literal["mse", "smooth_l1", "cosine", "cwd"] = "mse"
    da_normalise: Literal["channel", "instance", "none"] = "channel"
    """statistics by which both sides are normalised: per channel over the batch, per channel and image, or none"""
    da_masked_only: bool = False
    da_weight: Weight = 1.0
    """of a mean over positions; the detection losses beside it are multiplied by the batch size"""
    da_stop: bool = True
    da_stop_epochs: Annotated[int, Interval(ge=1, le=1_000_000)] = 3
    da_stop_decrease: Share = 0.01
    """stop when the smoothed loss fell by a smaller share than this over `da_stop_epochs`"""
    da_stop_floor: Share = 1e-3
    """stop when the smoothed loss is below this share of its value after the first epoch"""
    da_ema_decay: Annotated[float, Interval(ge=0, lt=1)] = 0.999

    scorer: Literal["cbam", "simam"] = "cbam"

    patch_size: PatchPx = 32
    """side of a sparse-sampling patch in image pixels (Table 6)"""
    keep_ratio: PositiveShare = 0.25
    """rho: at most this share of a patch's cells is kept; 1.0 keeps all above the mean"""
    one_cell_rule: Literal["level_mean", "keep"] = "level_mean"
    """a patch of one cell cannot be above its own mean: compare it with the mean of the level, or keep it"""
    select_at: Literal["auto", "level", "image"] = "auto"
    """select on each level's grid, or on scores resampled to stride 4; auto: image below 32 px, else level"""
    straight_through: bool = False
    straight_through_tau: Annotated[float, Interval(gt=0, le=1000)] = 0.1

    aux_weight: Weight = 0.25
    aux_gain: Weight = 7.5
    aux_assign: Literal["task_aligned", "center"] = "task_aligned"
    """cells that predict a box: the main head's assignment, or all cells whose centre lies in it"""

    fusion: Literal["add", "multiply"] = "add"
    gamma_init: Annotated[float, Interval(ge=-1000, le=1000)] = 0.0

    head: Literal["v1", "v2"] = "v1"
    """YOLO-World's first neck and head (image pooling, L2 contrast) or its second (no pooling, batch norm)"""
    bias_init: Literal["library", "level"] = "library"
    """contrastive bias: ultralytics' constant, or ln(5 / classes / (640 / stride)^2) per level as in the original"""

    def __post_init__(self) -> None:
        if self.select_at == "level" and self.patch_size < STRIDES[-1]:
            raise ValueError(
                f"patch_size {self.patch_size} with select_at=level: below {STRIDES[-1]} px a patch is smaller than a "
                "cell of P5, use select_at=image"
            )
        if self.selection == "image" and self.patch_size < SELECTION_STRIDE:
            raise ValueError(f"patch_size {self.patch_size}: at least {SELECTION_STRIDE} px with select_at=image")
        if self.fusion == "multiply" and not self.visual_prompt:
            raise ValueError("fusion=multiply needs visual_prompt=true: it multiplies with the scores")

    @property
    def selection(self) -> Literal["level", "image"]:
        """Where sparse sampling selects, `auto` resolved: the record says which rule ran."""
        if self.select_at == "auto":
            return "image" if self.patch_size < STRIDES[-1] else "level"
        return self.select_at
