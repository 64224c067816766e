"""PP-YOLOE: an anchor-free closed-vocabulary detector with a task-aligned head."""

from benchmark.core.method import Capability, MethodInfo
from benchmark.core.weights import Form, ReleasedWeights


def _published(variant: str) -> ReleasedWeights:
    name = f"ppyoloe_crn_{variant}_300e_coco.pdparams"
    url = f"https://paddledet.bj.bcebos.com/models/{name}"
    return ReleasedWeights(name, url, "Apache-2.0", ("coco",), Form.PADDLE, variant)


INFO = MethodInfo(
    name="pp-yoloe",
    title="PP-YOLOE",
    family="one-stage, closed vocabulary",
    paper="Xu et al., PP-YOLOE: An Evolved Version of YOLO, arXiv:2203.16250 (2022)",
    licence="AGPL-3.0 (builds on the library; the authors' code is Apache-2.0 and not used)",
    version=1,
    capabilities=frozenset({Capability.TRAINABLE, Capability.SEVERAL_DEVICES}),
    variants=("s", "m"),
    default_variant="s",
    paper_variant="s",
    provenance="re-implemented from the paper; released weights, or trained here with the shared recipe instead of SGD",
    trained_on=("coco",),
    weights=(_published("s"), _published("m")),
    library="ultralytics",
)
