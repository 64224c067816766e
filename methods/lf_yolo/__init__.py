"""LF-YOLO: a light detector for weld defects in X-ray images."""

from benchmark.core.method import Capability, MethodInfo

INFO = MethodInfo(
    name="lf-yolo",
    title="LF-YOLO",
    family="one-stage, closed vocabulary",
    paper="Liu et al., LF-YOLO: A Lighter and Faster YOLO for Weld Defect Detection of X-ray Image, arXiv:2110.15045",
    licence="AGPL-3.0 (builds on the library; the authors' own code is GPL-3.0 and not used)",
    version=1,
    capabilities=frozenset({Capability.TRAINABLE, Capability.SEVERAL_DEVICES}),
    variants=("base",),
    default_variant="base",
    paper_variant="base",
    provenance="re-implemented from the paper and its layer table, weights trained here; shared recipe",
    library="ultralytics",
)
