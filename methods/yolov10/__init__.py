"""YOLOv10: a closed-vocabulary detector that needs no non-maximum suppression."""

from benchmark.core.method import Capability, MethodInfo
from methods._ultralytics.weights import published

INFO = MethodInfo(
    name="yolov10",
    title="YOLOv10",
    family="one-stage, closed vocabulary",
    paper="Wang et al., YOLOv10: Real-Time End-to-End Object Detection, NeurIPS 2024, arXiv:2405.14458",
    licence="AGPL-3.0",
    version=1,
    capabilities=frozenset({Capability.TRAINABLE, Capability.SEVERAL_DEVICES}),
    variants=("n", "s", "m"),
    default_variant="s",
    paper_variant="s",
    provenance="official library; released weights, or weights trained here",
    trained_on=("coco",),
    weights=tuple(published(f"yolov10{size}.pt", size, ("coco",)) for size in ("n", "s", "m")),
    library="ultralytics",
)
