"""OmDet-Turbo: a real-time transformer that encodes each name alone, and all names as one task text."""

from benchmark.core.method import Capability, MethodInfo
from benchmark.core.weights import Form, ReleasedWeights

_SEEN = ("objects365", "goldg")

INFO = MethodInfo(
    name="omdet-turbo",
    title="OmDet-Turbo",
    family="transformer, open vocabulary",
    paper="Zhao et al., Real-time Transformer-based Open-Vocabulary Detection with Efficient Fusion Head, 2024",
    licence="Apache-2.0 (the library's implementation)",
    version=1,
    capabilities=frozenset({Capability.TRAINABLE, Capability.OPEN_VOCABULARY}),
    variants=("t", "test"),
    default_variant="t",
    paper_variant="t",
    provenance="official library; released weights, or fine-tuned from them here with Deformable DETR's set loss",
    trained_on=_SEEN,
    weights=(
        ReleasedWeights(
            name="omdet-turbo-swin-tiny-hf/model.safetensors",
            url="https://huggingface.co/omlab/omdet-turbo-swin-tiny-hf/resolve/main/model.safetensors",
            licence="Apache-2.0",
            trained_on=_SEEN,
            form=Form.SAFETENSORS,
            variant="t",
            beside=("config.json", "tokenizer_config.json", "vocab.json", "merges.txt", "special_tokens_map.json"),
        ),
    ),
    library="transformers",
)
