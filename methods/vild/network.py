"""torchvision's Mask R-CNN with ViLD's classifier (Gu et al., section 3.2): regions and names share one space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models.detection import MaskRCNN, maskrcnn_resnet50_fpn
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.models.detection.faster_rcnn import TwoMLPHead

from benchmark.core.errors import RecordError

TEMPERATURE = 0.01
_WIDTH, _NARROW = 1024, 64
"""width of a region's features: the library's, and that for tests"""


class TextPredictor(nn.Module):
    """Class scores and one box per region: cosines with texts and with a learned background.

    `texts` (K, D), rows of length 1, is the current vocabulary and not part of a checkpoint.
    """

    texts: Tensor

    def __init__(self, c_in: int, width: int) -> None:
        super().__init__()
        self.projection, self.box = nn.Linear(c_in, width), nn.Linear(c_in, 4)
        self.background = nn.Parameter(torch.randn(width) * 0.01)
        nn.init.normal_(self.box.weight, std=0.001)
        nn.init.zeros_(self.box.bias)
        self.register_buffer("texts", torch.zeros(0, width), persistent=False)

    def embed(self, features: Tensor) -> Tensor:
        """(R, c_in) to (R, D), rows of length 1."""
        return F.normalize(self.projection(features), dim=-1)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """(R, c_in) to logits (R, 1 + K), background first, and box deltas (R, 4 (1 + K)): the same for every name."""
        names = torch.cat([F.normalize(self.background, dim=0)[None], self.texts])
        return self.embed(features) @ names.T / TEMPERATURE, self.box(features).repeat(1, len(names))


def build(width: int, sides_px: tuple[int, int], *, small: bool) -> Any:
    """A model with random weights. width: of a text's vector; sides_px: limits of an image's shorter and longer side.

    It has no mask branch, because only boxes are annotated. Batch norm is trained unless a backbone with statistics is
    loaded.
    """
    sizes = {"min_size": sides_px[0], "max_size": sides_px[1]}
    features = _WIDTH
    if small:
        backbone = resnet_fpn_backbone(
            backbone_name="resnet18",
            weights=None,
            norm_layer=nn.BatchNorm2d,
            trainable_layers=5,
            returned_layers=[1, 2],
        )
        features = _NARROW
        model: Any = MaskRCNN(
            backbone,
            num_classes=2,
            rpn_anchor_generator=AnchorGenerator(((16,), (32,), (64,)), ((0.5, 1.0, 2.0),) * 3),
            box_head=TwoMLPHead(backbone.out_channels * 7 * 7, features),
            box_batch_size_per_image=64,
            **sizes,
        )
    else:
        model = maskrcnn_resnet50_fpn(weights=None, weights_backbone=None, num_classes=2, **sizes)
    model.roi_heads.box_predictor = TextPredictor(features, width)
    model.roi_heads.mask_roi_pool = model.roi_heads.mask_head = model.roi_heads.mask_predictor = None
    return model


def take_backbone(model: Any, tensors: Mapping[str, Tensor], name: str) -> None:
    """Load a classifier's ResNet as the backbone. Raises RecordError where the tensors are of another network."""
    own = {key: value for key, value in tensors.items() if not key.startswith("fc.")}
    try:
        missing, left = model.backbone.body.load_state_dict(own, strict=False)
    except RuntimeError as error:
        raise RecordError(f"{name}: not a ResNet-50's weights: {str(error).splitlines()[-1].strip()}") from error
    absent = [key for key in missing if not key.endswith("num_batches_tracked")]
    if absent or left:
        raise RecordError(f"{name}: not a ResNet-50's weights ({len(absent)} absent, {len(left)} left over)")
