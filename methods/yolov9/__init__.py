"""YOLOv9: a closed-vocabulary detector of generalised efficient layer aggregation blocks."""

from benchmark.core.method import Capability, MethodInfo
from methods._ultralytics.weights import published

INFO = MethodInfo(
    name="yolov9",
    title="YOLOv9",
    family="one-stage, closed vocabulary",
    paper="Wang, Yeh, Liao: YOLOv9: Learning What You Want to Learn Using Programmable Gradient Information, ECCV 2024",
    licence="AGPL-3.0 (the library's layers; the authors' own code is GPL-3.0 and not used)",
    version=1,
    capabilities=frozenset({Capability.TRAINABLE, Capability.SEVERAL_DEVICES}),
    variants=("t", "s", "m", "c"),
    default_variant="s",
    paper_variant="s",
    provenance="official library; released weights, or trained here without the authors' auxiliary branch (PGI)",
    trained_on=("coco",),
    weights=tuple(published(f"yolov9{size}.pt", size, ("coco",)) for size in ("t", "s", "m", "c")),
    library="ultralytics",
)
