"""Declarations of the weights that ultralytics publishes, for the INFO of methods; no heavy imports."""

from __future__ import annotations

from benchmark.core.weights import Form, ReleasedWeights

_RELEASE = "https://github.com/ultralytics/assets/releases/download/v8.3.0/"


def published(
    name: str, variant: str, trained_on: tuple[str, ...], sha256: str | None = None, size_bytes: int | None = None
) -> ReleasedWeights:
    """The declaration of a released file. The library publishes no digests: `sha256` is what public projects pinned."""
    return ReleasedWeights(
        name, _RELEASE + name, "AGPL-3.0", trained_on, Form.ULTRALYTICS, variant, sha256, size_bytes=size_bytes
    )


OPEN_DATA = ("objects365", "goldg")
"""data sets that YOLO-World was trained on"""

YOLO_WORLD = (
    published(
        "yolov8s-world.pt",
        "s",
        OPEN_DATA,
        "095f5266bb9b654bd5ad9e21e9cdeda78e0f2c8460f5d652eaf04bab7ee251cf",
        27_169_314,
    ),
    published("yolov8m-world.pt", "m", OPEN_DATA),
    published("yolov8l-world.pt", "l", OPEN_DATA),
    published(
        "yolov8s-worldv2.pt",
        "s",
        OPEN_DATA,
        "9b2c17ab6124a913e9b3a5c170617920d91b0f01111a8479da69f00e2cf27792",
        25_923_032,
    ),
    published(
        "yolov8m-worldv2.pt",
        "m",
        OPEN_DATA,
        "b614d33aa35b8e61d988041ff6939dfb3ed627af88ccaf643e4cdb822eb41d71",
        57_233_192,
    ),
    published("yolov8l-worldv2.pt", "l", OPEN_DATA),
)

MOBILE_SAM = ReleasedWeights(
    name="mobile_sam.pt",
    url="https://github.com/ChaoningZhang/MobileSAM/raw/f706ad9c4eb7f219c00d9050e46328518ffb65d2/weights/mobile_sam.pt",
    licence="Apache-2.0",
    trained_on=("sa-1b",),
    form=Form.TENSORS,
    variant="s",
    sha256="6dbb90523a35330fedd7f1d3dfc66f995213d81b29a5ca8108dbcdd4e37d6c2f",
    size_bytes=40_728_226,
    part="image encoder, masks",
)
