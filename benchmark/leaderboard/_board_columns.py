"""The columns of a board: the key of the value, its title and format, and whether more or less is better."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from benchmark.core.formats import metric_kind


@dataclass(frozen=True)
class Column:
    """One column of a board.

    key: of the metric, cost or fact. kind: how the value is written: a kind of `core.formats`, or `text`. better: 1 if
    more is better, -1 if less is, else 0. shown: by default. meaning: one phrase that explains it.
    """

    key: str
    title: str
    kind: str
    better: int = 0
    shown: bool = False
    meaning: str = ""

    def facts(self) -> dict[str, Any]:
        """The column as plain values, for the page's JSON."""
        return asdict(self)


_IOU = "mean over IoU 0.50 to 0.95"
METRICS: tuple[Column, ...] = (
    Column("AP", "AP", "percent", 1, True, f"average precision by COCO's rules, {_IOU}"),
    Column("AP50", "AP50", "percent", 1, True, "average precision at IoU 0.50"),
    Column("AP75", "AP75", "percent", 1, True, "average precision at IoU 0.75"),
    Column("APr", "APr", "percent", 1, True, "AP of LVIS's rare classes"),
    Column("APc", "APc", "percent", 1, True, "AP of LVIS's common classes"),
    Column("APf", "APf", "percent", 1, True, "AP of LVIS's frequent classes"),
    Column("AP_fixed", "fixed AP", "percent", 1, False, "AP with 10,000 detections per class and no limit per image"),
    Column("P@maxF1", "P@maxF1", "percent", 1, False, "precision at the best F1; its threshold is tuned on the test"),
    Column("R@maxF1", "R@maxF1", "percent", 1, False, "recall at the best F1; its threshold is tuned on the test"),
    Column("P@val", "P@val", "percent", 1, False, "precision at the threshold chosen on the validation part"),
    Column("R@val", "R@val", "percent", 1, False, "recall at the threshold chosen on the validation part"),
    Column(
        "escape_rate@5%FA", "escapes", "percent", -1, False, "defective images without an alarm, at 5 % false alarms"
    ),
    Column(
        "false_alarm_rate@5%FA", "false alarms", "percent", -1, False, "defect-free test images that raise an alarm"
    ),
    Column("recall@1FPPI", "recall@1FPPI", "percent", 1, False, "share of boxes detected at one false alarm per image"),
    Column(
        "smallest_found_px@1FPPI",
        "smallest detected, px",
        "pixels",
        -1,
        False,
        "side from which 90 % of boxes are detected",
    ),
    Column("APs", "APs", "percent", 1, False, "AP of boxes below 32 x 32 px"),
    Column("APm", "APm", "percent", 1, False, "AP of boxes from 32 x 32 to 96 x 96 px"),
    Column("APl", "APl", "percent", 1, False, "AP of boxes above 96 x 96 px"),
    Column("AP_rel_tiny", "AP < 0.1 %", "percent", 1, False, "AP of boxes below 0.1 % of the image's area"),
    Column("AP_rel_small", "AP 0.1-1 %", "percent", 1, False, "AP of boxes from 0.1 to 1 % of the image's area"),
    Column("AP_rel_medium", "AP 1-10 %", "percent", 1, False, "AP of boxes from 1 to 10 % of the image's area"),
    Column("AP_rel_large", "AP > 10 %", "percent", 1, False, "AP of boxes above 10 % of the image's area"),
    Column("AP_elongated", "AP elongated", "percent", 1, False, "AP of boxes at least five times as long as wide"),
    Column("framework_AP", "framework AP", "percent", 1, False, "the library's own AP; never the number that ranks"),
    Column("AR1", "AR@1", "percent", 1, False, "average recall with one detection per image and class"),
    Column("AR10", "AR@10", "percent", 1, False, "average recall with ten detections per image and class"),
    Column("AR100", "AR@100", "percent", 1, False, "average recall with a hundred detections per image and class"),
)
"""known metrics of a record, in the order in which they are shown"""

_OVER = "of several trainings the median"
COSTS: tuple[Column, ...] = (
    Column("parameters", "params", "count", -1, True, f"parameters of the model; {_OVER}"),
    Column("gflops", "GFLOPs", "number", -1, False, f"10^9 operations per image at the evaluated size; {_OVER}"),
    Column(
        "latency_p50_s", "latency", "time", -1, True, f"median time per image at batch 1, all steps included; {_OVER}"
    ),
    Column(
        "latency_p95_s", "latency p95", "time", -1, False, f"95th percentile of the time per image at batch 1; {_OVER}"
    ),
    Column("images_per_s", "images/s", "number", 1, False, f"throughput in batches, decoding overlapped; {_OVER}"),
    Column(
        "peak_memory_bytes",
        "memory",
        "bytes",
        -1,
        False,
        f"peak of process or GPU memory while it predicts; {_OVER}",
    ),
    Column("train_hours", "train h", "number", -1, False, f"hours of training, all attempts together; {_OVER}"),
    Column("image_side_px", "side px", "number", 0, False, "side of the network's input in pixels"),
)
"""fields of a record's cost"""
LATENCIES = ("latency_p50_s", "latency_p95_s")
"""those that are compared only where repeated measurements agree"""

FACTS: tuple[Column, ...] = (
    Column(
        "zero_shot", "zero-shot", "percent", 1, True, "share of test classes whose names are in no known training data"
    ),
    Column("seeds", "seeds", "number", 0, True, "how many seeds the mean is over"),
    Column("device", "device", "text", 0, False, "devices on which time and memory were measured"),
    Column("precision", "precision", "text", 0, False, "number format of the weights when it was measured"),
    Column("licence", "licence", "text", 0, False, "licence of the method's code"),
    Column(
        "provenance", "implementation", "text", 0, False, "official weights, official library, re-implemented, stand-in"
    ),
    Column("version", "version", "number", 0, False, "version of the method, raised whenever its results change"),
    Column("weights", "weights", "text", 0, False, "trained here, released, or random (a control)"),
    Column("wording", "wording", "text", 0, False, "how the classes were asked for"),
    Column("measured", "measured", "text", 0, False, "date of the measurement"),
    Column("id", "run", "text", 0, False, "id of the record of the lowest seed"),
)


def metric_columns(present: Iterable[str]) -> tuple[Column, ...]:
    """Columns of the metrics in `present`: METRICS first, then the others by name; counts of boxes left out."""
    names = {name for name in present if not name.startswith("boxes_")}
    known = [column for column in METRICS if column.key in names]
    others = sorted(names - {column.key for column in METRICS})
    return (*known, *(_unknown(name) for name in others))


def _unknown(name: str) -> Column:
    return Column(name, name, metric_kind(name), 0, False, "")
