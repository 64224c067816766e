"""MM-Grounding-DINO: a transformer detector that reads the class names as one caption."""

from benchmark.core.method import Capability, MethodInfo
from benchmark.core.weights import Form, ReleasedWeights

INFO = MethodInfo(
    name="mm-grounding-dino",
    title="MM-Grounding-DINO",
    family="transformer, open vocabulary",
    paper="Zhao et al., MM-Grounding-DINO, an open and comprehensive pipeline, arXiv:2401.02361",
    licence="Apache-2.0 (the library's implementation)",
    version=1,
    capabilities=frozenset({Capability.TRAINABLE, Capability.OPEN_VOCABULARY}),
    variants=("t", "test"),
    default_variant="t",
    paper_variant="t",
    provenance="official library; released weights, or fine-tuned from them here",
    trained_on=("objects365", "goldg"),
    weights=(
        ReleasedWeights(
            name="mm_grounding_dino_tiny_o365v1_goldg/model.safetensors",
            url="https://huggingface.co/openmmlab-community/mm_grounding_dino_tiny_o365v1_goldg/resolve/main/model.safetensors",
            licence="Apache-2.0",
            trained_on=("objects365", "goldg"),
            form=Form.SAFETENSORS,
            variant="t",
            beside=("config.json", "tokenizer_config.json", "tokenizer.json", "vocab.txt"),
        ),
    ),
    library="transformers",
)
