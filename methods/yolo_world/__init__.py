"""YOLO-World: the open-vocabulary detector that RTVP builds on, and its paired baseline."""

from benchmark.core.method import Capability, MethodInfo
from methods._ultralytics.weights import published

_SEEN = ("objects365", "goldg")

INFO = MethodInfo(
    name="yolo-world",
    title="YOLO-World",
    family="one-stage, open vocabulary",
    paper="Cheng et al., YOLO-World: Real-Time Open-Vocabulary Object Detection, CVPR 2024, arXiv:2401.17270",
    licence="AGPL-3.0 (ultralytics' implementation)",
    version=1,
    capabilities=frozenset({Capability.TRAINABLE, Capability.OPEN_VOCABULARY}),
    variants=("n", "s", "m", "l"),
    default_variant="s",
    paper_variant="s",
    provenance="official library; released weights, or weights trained here",
    trained_on=_SEEN,
    weights=(
        published(
            "yolov8s-world.pt",
            "s",
            _SEEN,
            "095f5266bb9b654bd5ad9e21e9cdeda78e0f2c8460f5d652eaf04bab7ee251cf",
            27_169_314,
        ),
        published("yolov8m-world.pt", "m", _SEEN),
        published("yolov8l-world.pt", "l", _SEEN),
        published(
            "yolov8s-worldv2.pt",
            "s",
            _SEEN,
            "9b2c17ab6124a913e9b3a5c170617920d91b0f01111a8479da69f00e2cf27792",
            25_923_032,
        ),
        published(
            "yolov8m-worldv2.pt",
            "m",
            _SEEN,
            "b614d33aa35b8e61d988041ff6939dfb3ed627af88ccaf643e4cdb822eb41d71",
            57_233_192,
        ),
        published("yolov8l-worldv2.pt", "l", _SEEN),
    ),
)
