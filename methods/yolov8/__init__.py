"""YOLOv8: the closed-vocabulary baseline, and the expert that open-vocabulary detectors start from."""

from benchmark.core.method import Capability, MethodInfo
from methods._ultralytics.weights import published

INFO = MethodInfo(
    name="yolov8",
    title="YOLOv8",
    family="one-stage, closed vocabulary",
    paper="Ultralytics YOLOv8, https://github.com/ultralytics/ultralytics (2023)",
    licence="AGPL-3.0",
    version=1,
    capabilities=frozenset({Capability.TRAINABLE, Capability.SEVERAL_DEVICES}),
    variants=("n", "s", "m", "l"),
    default_variant="s",
    paper_variant="s",
    provenance="official library; released weights, or weights trained here",
    trained_on=("coco",),
    weights=(
        published(
            "yolov8n.pt", "n", ("coco",), "f59b3d833e2ff32e194b5bb8e08d211dc7c5bdf144b90d2c8412c47ccfc83b36", 6_549_796
        ),
        published("yolov8s.pt", "s", ("coco",), "1f47a78bf100391c2a140b7ac73a1caae18c32779be7d310658112f7ac9aa78a"),
        published(
            "yolov8m.pt", "m", ("coco",), "5d4a90cdc7a21786cc59cd19778e9eafff836df9e2da32524737c7ee6efe4fe5", 52_136_884
        ),
        published("yolov8l.pt", "l", ("coco",), "64c9115303f6a25575f82200d1b22ec409fa6bd7d08d0313884fc20d919478cd"),
    ),
    library="ultralytics",
)
