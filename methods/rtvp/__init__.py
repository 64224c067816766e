"""RTVP, the paper's method: refined text-visual prompts on YOLO-World (the model itself is in the package `rtvp`)."""

from benchmark.core.method import Capability, MethodInfo
from benchmark.core.weights import Form, ReleasedWeights

INFO = MethodInfo(
    name="rtvp",
    title="RTVP",
    family="one-stage, open vocabulary",
    paper="Zero-Shot Learning in Industrial Scenarios: New Large-Scale Benchmark, Challenges and Baseline, AAAI",
    licence="AGPL-3.0 (builds on ultralytics' layers)",
    version=1,
    capabilities=frozenset({Capability.TRAINABLE, Capability.OPEN_VOCABULARY, Capability.EXPLAIN}),
    variants=("n", "s", "m"),
    default_variant="s",
    paper_variant="s",
    provenance="our implementation from the paper, weights trained here",
    weights=(
        ReleasedWeights(
            name="mobile_sam.pt",
            url="https://github.com/ChaoningZhang/MobileSAM/raw/f706ad9c4eb7f219c00d9050e46328518ffb65d2/weights/mobile_sam.pt",
            licence="Apache-2.0",
            trained_on=("sa-1b",),
            form=Form.TENSORS,
            variant="s",
            sha256="6dbb90523a35330fedd7f1d3dfc66f995213d81b29a5ca8108dbcdd4e37d6c2f",
            size_bytes=40_728_226,
            part="image encoder",
        ),
    ),
)
