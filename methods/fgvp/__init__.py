"""FGVP: a visual prompt that blurs everything except the candidates, in front of an unchanged YOLO-World."""

from benchmark.core.method import Capability, MethodInfo
from methods._ultralytics.weights import MOBILE_SAM, OPEN_DATA, YOLO_WORLD

INFO = MethodInfo(
    name="fgvp",
    title="FGVP on YOLO-World",
    family="visual prompt, open vocabulary",
    paper="Yang et al., Fine-Grained Visual Prompting, NeurIPS 2023, arXiv:2306.04356",
    licence="AGPL-3.0 (builds on ultralytics' layers; the authors' code is not used)",
    version=1,
    capabilities=frozenset(
        {Capability.TRAINABLE, Capability.OPEN_VOCABULARY, Capability.EXPLAIN, Capability.SEVERAL_DEVICES}
    ),
    variants=("n", "s", "m", "l"),
    default_variant="s",
    paper_variant="s",
    provenance="stand-in: blur-reverse masks before YOLO-World instead of before CLIP; prompt=truth is an oracle",
    trained_on=OPEN_DATA,
    weights=(*YOLO_WORLD, MOBILE_SAM),
    library="ultralytics",
)
