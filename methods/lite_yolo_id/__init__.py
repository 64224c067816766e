"""LiteYOLO-ID: a light detector for insulator defects."""

from benchmark.core.method import Capability, MethodInfo

INFO = MethodInfo(
    name="lite-yolo-id",
    title="LiteYOLO-ID",
    family="one-stage, closed vocabulary",
    paper="Li et al., LiteYOLO-ID: A Lightweight Object Detection Network for Insulator Defect Detection, TIM 73, 2024",
    licence="AGPL-3.0 (builds on the library; the authors' code derives from YOLOv5 and is not used)",
    version=1,
    capabilities=frozenset({Capability.TRAINABLE, Capability.SEVERAL_DEVICES}),
    variants=("s",),
    default_variant="s",
    paper_variant="s",
    provenance="re-implemented from the paper and its layer table, weights trained here; shared recipe",
    library="ultralytics",
)
