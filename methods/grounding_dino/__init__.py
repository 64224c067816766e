"""Grounding DINO: a transformer detector that reads the class names as one caption."""

from benchmark.core.method import Capability, MethodInfo
from benchmark.core.weights import Form, ReleasedWeights

INFO = MethodInfo(
    name="grounding-dino",
    title="Grounding DINO",
    family="transformer, open vocabulary",
    paper="Liu et al., Grounding DINO: Marrying DINO with Grounded Pre-Training, ECCV 2024, arXiv:2303.05499",
    licence="Apache-2.0 (the library's implementation)",
    version=1,
    capabilities=frozenset({Capability.TRAINABLE, Capability.OPEN_VOCABULARY}),
    variants=("t", "test"),
    default_variant="t",
    paper_variant="t",
    provenance="official library; released weights, or fine-tuned from them here",
    trained_on=("objects365", "goldg", "cap4m"),
    weights=(
        ReleasedWeights(
            name="grounding-dino-tiny/model.safetensors",
            url="https://huggingface.co/IDEA-Research/grounding-dino-tiny/resolve/a2bb814dd30d776dcf7e30523b00659f4f141c71/model.safetensors",
            licence="Apache-2.0",
            trained_on=("objects365", "goldg", "cap4m"),
            form=Form.SAFETENSORS,
            variant="t",
            sha256="1a2412ef99bd74bcd3c2a246fa1e48581f8889a1300c9051974741314fc042f3",
            size_bytes=689_359_096,
            beside=("config.json", "tokenizer_config.json", "tokenizer.json", "vocab.txt"),
        ),
    ),
    library="transformers",
)
