"""The recipe of methods with a YOLOv5 head, and the choice between that head and the library's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from benchmark.core.settings import Weight
from methods._ultralytics.recipe import Recipe


@dataclass(frozen=True)
class AnchorRecipe(Recipe):
    """The shared recipe with settings of the anchor head; `box`, `cls` and `dfl` apply only to the anchor-free head."""

    head: Literal["anchors", "anchor-free"] = "anchors"
    """anchors: as published, with COCO's anchors; anchor-free: the head and loss of YOLOv8"""
    anchor_box: Weight = 0.05
    anchor_objectness: Weight = 1.0
    anchor_class: Weight = 0.5


def anchor_model(layers: Callable[[Any], Any], channels: Sequence[int], class_count: int, config: AnchorRecipe) -> Any:
    """A model of `layers(head)` whose head reads `channels`, with the loss that belongs to the head."""
    from ultralytics.nn.modules import Detect

    from methods._ultralytics.anchor_head import COCO_ANCHORS_PX, AnchorHead, AnchorLoss
    from methods._ultralytics.layers import LayerModel

    if config.head == "anchor-free":
        return LayerModel(layers(Detect(class_count, ch=tuple(channels))), class_count)
    head = AnchorHead(class_count, channels, COCO_ANCHORS_PX)
    gains = (config.anchor_box, config.anchor_objectness, config.anchor_class)
    return LayerModel(layers(head), class_count, partial(AnchorLoss, gains=gains))
