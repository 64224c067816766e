"""DetCLIP: encodes each class name alone, with its definition, instead of all names in one sentence."""

from benchmark.core.method import Capability, MethodInfo
from methods._mmdet.weights import glip_t

INFO = MethodInfo(
    name="detclip",
    title="DetCLIP (stand-in)",
    family="one-stage, parallel concepts, open vocabulary",
    paper="Yao et al., DetCLIP: Dictionary-Enriched Visual-Concept Paralleled Pre-training for Open-world Detection, "
    "NeurIPS 2022, arXiv:2209.09407",
    licence="Apache-2.0 (the library's implementation of GLIP), MIT (GLIP's weights)",
    version=1,
    capabilities=frozenset({Capability.TRAINABLE, Capability.OPEN_VOCABULARY}),
    variants=("t", "test"),
    default_variant="t",
    paper_variant="t",
    provenance="stand-in: GLIP-T (A) fine-tuned on parallel concepts with definitions; BERT for FILIP, a glossary of "
    "defects for WordNet, not pre-trained as DetCLIP",
    trained_on=("objects365",),
    extra="glip",
    weights=(glip_t("a", "t", start=True),),
    library="mmdet",
)
