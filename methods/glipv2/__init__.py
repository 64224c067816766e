"""GLIPv2: GLIP whose training also contrasts the regions of an image with the words of other images in the batch."""

from benchmark.core.method import Capability, MethodInfo
from methods._mmdet.weights import glip_t

INFO = MethodInfo(
    name="glipv2",
    title="GLIPv2 (stand-in)",
    family="one-stage with deep fusion, open vocabulary",
    paper="Zhang et al., GLIPv2: Unifying Localization and Vision-Language Understanding, NeurIPS 2022, "
    "arXiv:2206.05836",
    licence="Apache-2.0 (the library's implementation of GLIP), MIT (GLIP's weights)",
    version=1,
    capabilities=frozenset({Capability.TRAINABLE, Capability.OPEN_VOCABULARY}),
    variants=("t", "test", "test-deep"),
    default_variant="t",
    paper_variant="t",
    provenance="stand-in: GLIP-T (C) fine-tuned with inter-image region-word contrast; no mask head, not pre-trained "
    "as GLIPv2",
    trained_on=("objects365", "goldg"),
    extra="glip",
    weights=(glip_t("c", "t", start=True),),
    library="mmdet",
)
