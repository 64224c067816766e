"""OWLv2: a vision transformer that predicts one box per patch and scores it against the text of each name."""

from benchmark.core.method import Capability, MethodInfo
from benchmark.core.weights import Form, ReleasedWeights

_SEEN = ("webli", "objects365", "visual-genome", "coco", "lvis")
"""self-training on WebLI with boxes of OWL-ViT, which saw the rest; the ensemble averages it with a model fine-tuned
on LVIS's frequent and common classes"""

INFO = MethodInfo(
    name="owlv2",
    title="OWLv2",
    family="transformer, open vocabulary",
    paper="Minderer, Gritsenko, Houlsby: Scaling Open-Vocabulary Object Detection, NeurIPS 2023, arXiv:2306.09683",
    licence="Apache-2.0 (the library's implementation)",
    version=1,
    capabilities=frozenset({Capability.TRAINABLE, Capability.OPEN_VOCABULARY}),
    variants=("b", "test"),
    default_variant="b",
    paper_variant="b",
    provenance="official library; released weights, or fine-tuned from them here with Deformable DETR's set loss",
    trained_on=_SEEN,
    weights=(
        ReleasedWeights(
            name="owlv2-base-patch16-ensemble/model.safetensors",
            url="https://huggingface.co/google/owlv2-base-patch16-ensemble/resolve/main/model.safetensors",
            licence="Apache-2.0",
            trained_on=_SEEN,
            form=Form.SAFETENSORS,
            variant="b",
            sha256="e1e130b9e404cf91a75ad45644c1da9d7fa5284085eecc864266a6923efb99e7",
            size_bytes=619_918_824,
            beside=("config.json", "tokenizer_config.json", "vocab.json", "merges.txt", "special_tokens_map.json"),
        ),
    ),
    library="transformers",
)
