"""PP-YOLOE: an anchor-free closed-vocabulary detector with a task-aligned head."""

from benchmark.core.method import Capability, MethodInfo

INFO = MethodInfo(
    name="pp-yoloe",
    title="PP-YOLOE",
    family="one-stage, closed vocabulary",
    paper="Xu et al., PP-YOLOE: An Evolved Version of YOLO, arXiv:2203.16250 (2022)",
    licence="AGPL-3.0 (builds on the library; the authors' code is Apache-2.0 and not used)",
    version=1,
    capabilities=frozenset({Capability.TRAINABLE}),
    variants=("s", "m"),
    default_variant="s",
    paper_variant="s",
    provenance="re-implemented from the paper, weights trained here; shared recipe instead of SGD",
)
