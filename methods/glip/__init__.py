"""GLIP: a one-stage detector that matches cells of the image with words of a sentence of class names."""

from benchmark.core.method import Capability, MethodInfo
from methods._mmdet.weights import glip_t

INFO = MethodInfo(
    name="glip",
    title="GLIP",
    family="one-stage with deep fusion, open vocabulary",
    paper="Li et al., Grounded Language-Image Pre-training, CVPR 2022, arXiv:2112.03857",
    licence="Apache-2.0 (the library's implementation), MIT (the authors' weights)",
    version=1,
    capabilities=frozenset({Capability.TRAINABLE, Capability.OPEN_VOCABULARY}),
    variants=("t-a", "t-b", "t-c", "test", "test-deep"),
    default_variant="t-c",
    paper_variant="t-c",
    provenance="official library; released weights, or fine-tuned from them here",
    trained_on=("objects365", "goldg"),
    extra="glip",
    weights=(glip_t("a", "t-a"), glip_t("b", "t-b"), glip_t("c", "t-c")),
    library="mmdet",
)
