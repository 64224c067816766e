"""RTVP, the paper's method: refined text-visual prompts on YOLO-World (the model itself is in the package `rtvp`)."""

from benchmark.core.method import Capability, MethodInfo
from methods._ultralytics.weights import MOBILE_SAM

INFO = MethodInfo(
    name="rtvp",
    title="RTVP",
    family="one-stage, open vocabulary",
    paper="Zero-Shot Learning in Industrial Scenarios: New Large-Scale Benchmark, Challenges and Baseline, AAAI",
    licence="AGPL-3.0 (builds on ultralytics' layers)",
    version=1,
    capabilities=frozenset(
        {Capability.TRAINABLE, Capability.OPEN_VOCABULARY, Capability.EXPLAIN, Capability.SEVERAL_DEVICES}
    ),
    variants=("n", "s", "m"),
    default_variant="s",
    paper_variant="s",
    provenance="our implementation from the paper, weights trained here",
    weights=(MOBILE_SAM,),
    library="ultralytics",
)
