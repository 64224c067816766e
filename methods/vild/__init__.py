"""ViLD: a two-stage detector that classifies regions by CLIP's texts and distils CLIP's image embeddings of them."""

from benchmark.core.method import Capability, MethodInfo
from benchmark.core.weights import Form, ReleasedWeights
from methods._torch.weights import START

INFO = MethodInfo(
    name="vild",
    title="ViLD (stand-in)",
    family="two-stage, open vocabulary",
    paper="Gu et al., Open-vocabulary Object Detection via Vision and Language Knowledge Distillation, ICLR 2022, "
    "arXiv:2104.13921",
    licence="BSD-3-Clause (torchvision's layers; the authors' code is Apache-2.0 and not used)",
    version=1,
    capabilities=frozenset({Capability.TRAINABLE, Capability.OPEN_VOCABULARY}),
    variants=("r50", "test"),
    default_variant="r50",
    paper_variant="r50",
    provenance="stand-in: torchvision's Mask R-CNN without its masks, named by texts, distilled from the proposals of "
    "the moment; a shorter schedule than the paper's, weights trained here",
    trained_on=("imagenet",),
    weights=(
        ReleasedWeights(
            name="resnet50-0676ba61.pth",
            url="https://download.pytorch.org/models/resnet50-0676ba61.pth",
            licence="BSD-3-Clause",
            trained_on=("imagenet",),
            form=Form.TENSORS,
            variant="r50",
            sha256="0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a",
            size_bytes=102_530_333,
            part=START,
        ),
    ),
)
