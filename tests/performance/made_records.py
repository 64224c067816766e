"""Made-up records, as many as asked for: what boards of thousands of cells are timed and tested on; never kept."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmark.core.canonical import digest
from benchmark.core.method import WeightsOrigin
from benchmark.core.record import Artifact, Cost, Provenance, RunRecord, Status
from benchmark.core.spec import FitSpec, RunSpec

METHODS = {
    "yolov8": (("n", 3.2e6, 0.06, 0.23), ("s", 11.2e6, 0.11, 0.27), ("m", 25.9e6, 0.26, 0.29)),
    "yolo-world": (("n", 4.2e6, 0.08, 0.13), ("s", 13e6, 0.17, 0.17), ("m", 29e6, 0.33, 0.185)),
    "rtvp": (("n", 16.1e6, 0.13, 0.155), ("s", 25e6, 0.24, 0.195), ("m", 41e6, 0.45, 0.2)),
    "grounding-dino": (("t", 172e6, 2.3, 0.19),),
    "lf-yolo": (("base", 7.3e6, 0.12, 0.24),),
    "somebody-elses": (("x", 60e6, 0.7, 0.16),),
}
"""method -> (variant, parameters, seconds per image, AP around which its cells lie)"""
OPEN = ("yolo-world", "rtvp", "grounding-dino", "somebody-elses")
CLASSES = tuple(
    f"{defect}, {scene}"
    for scene in ("hot-rolled steel", "circuit board", "wood", "fabric", "magnetic tile")
    for defect in ("scratch", "hole", "stain", "crack", "inclusion")
)
DEVICES = ("AMD EPYC, 2 threads", "NVIDIA A100-SXM4-40GB")


@dataclass(frozen=True)
class Place:
    """Where a made-up cell belongs."""

    task: str
    dataset: str
    profile: str


PLACES = (
    Place("zeroshot", "mmio-open", "quick"),
    Place("zeroshot", "mmio-synth", "quick"),
    Place("zeroshot", "mmio-open", "paper"),
    Place("closed", "mmio-open", "quick"),
    Place("generalized", "mmio-open", "quick"),
)


def make_records(count: int, places: Sequence[Place] = PLACES, seed: int = 0) -> list[RunRecord]:
    """That many records, the same ones each time: plain cells first, then ablations, controls, other seeds."""
    draw = random.Random(seed)  # made-up values, no secrets
    records: list[RunRecord] = []
    for place, method, variant, setting, number in _cells(places):
        if len(records) == count:
            break
        records.append(_record(draw, place, method, variant, setting, number))
    return records


def _cells(places: Sequence[Place]) -> Iterator[tuple[Place, str, tuple[str, float, float, float], int, int]]:
    for setting in range(1_000_000):
        for number in range(2 if setting % 3 == 0 else 1):
            for place in places:
                for method, variants in METHODS.items():
                    if place.task != "closed" and method not in OPEN:
                        continue
                    for variant in variants:
                        yield place, method, variant, setting, number


def _record(
    draw: random.Random, place: Place, method: str, variant: tuple[str, float, float, float], setting: int, seed: int
) -> RunRecord:
    size, parameters, latency_s, around = variant
    overrides: dict[str, object] = {} if size == METHODS[method][0][0] else {"variant": size}
    if setting:
        overrides |= {"patch_size": 8 * setting, "adapter": setting % 2 == 0}
    spec = _spec(place, method, size, overrides, seed, setting)
    if setting and setting % 17 == 0:
        return RunRecord(
            spec.run_id, spec, Status.BLOCKED, provenance=_provenance(spec), error="weights: no released weights here"
        )
    ap = max(
        around * (1 if place.task != "closed" else 1.9) * (1 - 0.3 * (1 - math.exp(-setting / 40)))
        + draw.gauss(0, 0.008),
        0,
    )
    half = 0.011 + 0.004 * draw.random()
    metrics = {
        "AP": ap, "AP50": ap * 1.7, "AP75": ap * 0.85, "APs": ap * 0.4, "APm": ap * 0.9, "APl": ap * 1.3,
        "AR1": ap * 0.9, "AR10": ap * 1.5, "AR100": ap * 1.7, "AP_rel_tiny": ap * 0.3, "AP_rel_small": ap * 0.8,
        "AP_rel_medium": ap * 1.1, "AP_rel_large": ap * 1.2, "AP_elongated": ap * 0.7, "P@maxF1": ap * 1.9,
        "R@maxF1": ap * 1.6, "conf@maxF1": 0.21, "escape_rate@5%FA": None,
    }  # fmt: skip
    per_class = {
        name: {
            "AP": max(ap * draw.uniform(0, 2), 0.0),
            "AP50": max(ap * draw.uniform(0, 3), 0.0),
            "boxes": 40 + i,
            "images": 20 + i,
        }
        for i, name in enumerate(CLASSES)
    }
    per_scene = {
        scene: {"AP": ap * draw.uniform(0.3, 1.6), "AP50": ap * draw.uniform(0.5, 2.4), "boxes": 200, "images": 120}
        for scene in dict.fromkeys(name.split(", ")[1] for name in CLASSES)
    }
    device = DEVICES[place.profile == "paper"]
    return RunRecord(
        run_id=spec.run_id,
        spec=spec,
        status=Status.OK,
        metrics=metrics,
        per_class=per_class,
        per_scene=per_scene,
        intervals={"AP": (ap - half, ap + half), "AP50": (ap * 1.7 - 2 * half, ap * 1.7 + 2 * half)},
        cost=Cost(
            parameters=int(parameters),
            parameters_trained=int(parameters),
            gflops=round(parameters * 2.6 / 1e6, 2),
            image_side_px=640,
            latency_p50_s=round(latency_s * draw.uniform(0.9, 1.15) / (30 if place.profile == "paper" else 1), 5),
            latency_p95_s=round(latency_s * 1.4, 5),
            latency_noisy=False,
            images_per_s=round(1.2 / latency_s, 2),
            peak_memory_bytes=int(6e8 + 18 * parameters),
            train_hours=round(draw.uniform(0.2, 9), 3),
            device=device,
            precision="fp32",
        ),
        artifacts=(Artifact("predictions", "", digest([spec.run_id, "predictions"])),),
        provenance=_provenance(spec),
        facts={"test_images": 1409, "test_boxes": 2673, "fit": {"epochs": 10, "train_images": 1000}},
    )


def _spec(place: Place, method: str, size: str, overrides: dict[str, object], seed: int, setting: int) -> RunSpec:
    data = digest(place.dataset)
    params = {"variant": size, "epochs": 10, "lr0": 0.001, **overrides}
    fit = FitSpec(method, 1, params, place.dataset, 1, data, place.task, digest("split"), digest("words"), seed)
    random_weights = setting > 0 and setting % 29 == 0
    return RunSpec(
        method=method,
        method_version=1,
        task=place.task,
        task_version=1,
        dataset=place.dataset,
        dataset_version=1,
        dataset_digest=data,
        split_digest=digest([place.task, "split"]),
        wording="codes" if setting > 0 and setting % 23 == 0 else "canonical",
        vocabulary_digest=digest(setting % 23 == 0),
        profile=place.profile,
        params=params,
        overrides=overrides,
        protocol={"evaluators": {"coco_ap": 1}, "max_detections": 300, "nms_iou": 0.7, "score_threshold": 0.001},
        seed=seed,
        weights=WeightsOrigin.RANDOM if random_weights else WeightsOrigin.TRAINED_HERE,
        text_encoder="minilm@53aa51172d14",
        fit=None if random_weights else fit,
    )


def _provenance(spec: RunSpec) -> Provenance:
    packages = {"python": "3.11.7", "rtvp-bench": "0.1.0", "numpy": "2.4.6", "torch": "2.15.0", "hotcoco": "1.3.0"}
    command = f"bench run --method {spec.method} --task {spec.task} --data {spec.dataset} --profile {spec.profile}"
    return Provenance(
        "2026-01-02T03:04:05Z", digest("commit")[:40], False, packages, "AMD EPYC, 2 threads", str(spec.weights),
        weights_sha256=digest(spec.run_id), command=command,
    )  # fmt: skip
