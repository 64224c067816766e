"""MDETR: a DETR whose encoder reads the image together with a caption, here one class name at a time."""

from benchmark.core.method import Capability, MethodInfo
from benchmark.core.weights import Form, ReleasedWeights

_SEEN = ("goldg", "refcoco")

INFO = MethodInfo(
    name="mdetr",
    title="MDETR",
    family="transformer, open vocabulary",
    paper="Kamath et al., MDETR: Modulated Detection for End-to-End Multi-Modal Understanding, ICCV 2021, "
    "arXiv:2104.12763",
    licence="Apache-2.0 (the authors' weights; their code is not used)",
    version=1,
    capabilities=frozenset({Capability.TRAINABLE, Capability.OPEN_VOCABULARY}),
    variants=("r101", "test"),
    default_variant="r101",
    paper_variant="r101",
    provenance="re-implemented from the paper; official weights, or fine-tuned from them here",
    trained_on=_SEEN,
    weights=(
        ReleasedWeights(
            name="mdetr/pretrained_resnet101_checkpoint.pth",
            url="https://zenodo.org/record/4721981/files/pretrained_resnet101_checkpoint.pth",
            licence="Apache-2.0",
            trained_on=_SEEN,
            form=Form.TENSORS,
            variant="r101",
        ),
        ReleasedWeights(
            name="roberta-base/model.safetensors",
            url="https://huggingface.co/FacebookAI/roberta-base/resolve/main/model.safetensors",
            licence="MIT",
            trained_on=(),
            form=Form.SAFETENSORS,
            variant="r101",
            beside=("config.json", "tokenizer_config.json", "tokenizer.json", "vocab.json", "merges.txt"),
            part="tokenizer of the text encoder",
        ),
    ),
)
