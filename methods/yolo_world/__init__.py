"""YOLO-World: the open-vocabulary detector that RTVP builds on, and its paired baseline."""

from benchmark.core.method import Capability, MethodInfo
from methods._ultralytics.weights import OPEN_DATA, YOLO_WORLD

INFO = MethodInfo(
    name="yolo-world",
    title="YOLO-World",
    family="one-stage, open vocabulary",
    paper="Cheng et al., YOLO-World: Real-Time Open-Vocabulary Object Detection, CVPR 2024, arXiv:2401.17270",
    licence="AGPL-3.0 (ultralytics' implementation)",
    version=1,
    capabilities=frozenset(
        {Capability.TRAINABLE, Capability.OPEN_VOCABULARY, Capability.EXPLAIN, Capability.SEVERAL_DEVICES}
    ),
    variants=("n", "s", "m", "l"),
    default_variant="s",
    paper_variant="s",
    provenance="official library; released weights, or weights trained here",
    trained_on=OPEN_DATA,
    weights=YOLO_WORLD,
    library="ultralytics",
)
