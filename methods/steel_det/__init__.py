"""Steel det (RDN): a centre-point detector for steel strip, approximated from its description."""

from benchmark.core.method import Capability, MethodInfo

INFO = MethodInfo(
    name="steel-det",
    title="Steel det",
    family="one-stage, centre points, closed vocabulary",
    paper="Wang et al., A real-time steel surface defect detection approach with high accuracy, TIM 71, 2022",
    licence="AGPL-3.0 (builds on the library; no public code of its authors is known)",
    version=1,
    capabilities=frozenset({Capability.TRAINABLE, Capability.SEVERAL_DEVICES}),
    variants=("r18",),
    default_variant="r18",
    paper_variant="r18",
    provenance="stand-in: CenterNet on ResNet-18 with skip connections and summed decoder maps, after the description; "
    "weights trained here",
    gpu_profiles=("quick", "demo", "paper"),
    library="ultralytics",
)
