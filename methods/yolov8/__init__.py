"""YOLOv8: the closed-vocabulary baseline, and the expert that open-vocabulary detectors start from."""

from benchmark.core.method import Capability, MethodInfo

INFO = MethodInfo(
    name="yolov8",
    title="YOLOv8",
    family="one-stage, closed vocabulary",
    paper="Ultralytics YOLOv8, https://github.com/ultralytics/ultralytics (2023)",
    licence="AGPL-3.0",
    version=1,
    capabilities=frozenset({Capability.TRAINABLE}),
    variants=("n", "s", "m", "l"),
    default_variant="s",
    paper_variant="s",
    provenance="official library, weights trained here",
)
