"""`bench score`: derive a run's numbers again from its evidence, or score a file of detections of any origin."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from benchmark.cli._command import Command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmark.core.evaluation import Scores
    from benchmark.core.record import RunRecord
    from benchmark.datasets.readers.reading import Repairs
    from benchmark.evaluators.scoring.columns import Columns


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench score`."""
    parser.add_argument(
        "record", nargs="?", metavar="RUN|RECORD", help="a run id or its first digits, or a record file"
    )
    parser.add_argument("--predictions", metavar="FILE", help="a COCO results file of any origin (with --data)")
    parser.add_argument("--data", metavar="FILE|NAME", help="its ground truth: a COCO or LVIS file, or a data set")
    parser.add_argument(
        "--rules",
        choices=["coco", "lvis"],
        help="whose scoring rules (default: lvis for LVIS ground truth, else coco)",
    )
    parser.add_argument(
        "--task", metavar="NAME", help="of a named data set, the test part of this task (default: closed)"
    )
    parser.add_argument(
        "--engine", choices=["fast", "reference"], default="fast", help="reference: the official code (default: fast)"
    )
    parser.add_argument(
        "--cross-check",
        action="store_true",
        help="compare both engines and ultralytics' own AP; kept beside the record",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Exit status 1 where the stored detections do not give the record's numbers again."""
    from benchmark.core.errors import ConfigError

    if options.predictions:
        if not options.data or options.record or options.cross_check:
            raise ConfigError("bench score --predictions FILE needs --data FILE|NAME, no run and no --cross-check")
        return _of_file(options)
    if not options.record:
        raise ConfigError("bench score needs a run, or --predictions FILE with --data")
    return _cross_check(options) if options.cross_check else _of_run(options)


def _cross_check(options: argparse.Namespace) -> int:
    """Exit status 1 where the engines differ."""
    import json

    from benchmark.cli._cross_check import cross_check, store, text
    from benchmark.cli._printing import cell_name
    from benchmark.harness.rescore import find_record, load_stored

    stored = load_stored(find_record(options.record))
    facts = cross_check(stored)
    path = store(facts, stored)
    print(json.dumps(facts, indent=1) if options.json else f"{cell_name(stored.record.spec)}\n{text(facts)}\n{path}")
    return 0 if facts["equal"] else 1


def _of_run(options: argparse.Namespace) -> int:
    import json

    from benchmark.cli._printing import print_metrics
    from benchmark.evaluators.statistics.bootstrap import intervals
    from benchmark.harness.rescore import StoredMatches, as_measured, find_record, load_evidence, score_again

    stored = load_evidence(find_record(options.record))
    scores = score_again(stored, options.engine)
    bounds = {**intervals(stored.test), **scores.intervals}
    record, from_matches = stored.record, isinstance(stored, StoredMatches)
    differing = differences(record, scores, bounds, partial=from_matches)
    kind, left_out = "match table" if from_matches else "predictions", as_measured(stored)
    if options.json:
        facts = {"run_id": record.run_id, "read": kind, "as_measured": left_out, "engine": options.engine}
        values = {"metrics": dict(scores.metrics), "intervals": dict(bounds)}
        print(json.dumps({**facts, **values, "differing": differing}, indent=1))
        return 1 if differing else 0
    spec = record.spec
    engine = "match table" if from_matches else f"predictions, {options.engine} engine"
    print(f"{record.run_id}  {spec.method} · {spec.task} · {spec.dataset} · {engine}")
    print_metrics(scores.metrics, bounds)
    print(f"compared with the record: {_compared(record, scores, bounds)}")
    if differing:
        print("differs from the record:\n" + "\n".join(f"  {line}" for line in differing))
    else:
        print(f"every number is the record's own, to the last bit ({stored.path})")
    if left_out:
        print(f"left as measured, a match table holds no boxes: {', '.join(left_out)}")
    if val_unkept(record) and not from_matches:
        print("predictions of the validation part were not kept: numbers at thresholds chosen on it were left out")
    return 1 if differing else 0


def _compared(record: RunRecord, scores: Scores, bounds: Mapping[str, tuple[float, float]]) -> str:
    """What of a record its evidence gave again, in words."""
    counts = (
        (sum(value is not None for value in scores.metrics.values()), "metrics"),
        (len(record.intervals.keys() & bounds.keys()), "intervals"),
        (len(scores.per_class), "classes"),
        (len(scores.per_scene), "scenes"),
        (len(scores.per_super) if record.per_super else 0, "super categories"),
    )
    return ", ".join(f"{count} {what}" for count, what in counts if count)


def val_unkept(record: RunRecord) -> bool:
    """Whether the record names predictions of the validation part that were not kept."""
    return any(artifact.name == "predictions_val" and not artifact.uri for artifact in record.artifacts)


def differences(
    record: RunRecord, scores: Scores, bounds: Mapping[str, tuple[float, float]], *, partial: bool = False
) -> list[str]:
    """Lines `metric: recorded -> again` for all values, those of intervals too, that are not equal to the last bit.

    Values at thresholds chosen on the validation part are left out where its predictions were not kept; partial: so is
    what the record has and `scores` has not, because it needs boxes and there is only a match table.
    """
    unkept, bounds = val_unkept(record), {**bounds, **scores.intervals}
    lines = [
        f"{metric} interval: {tuple(recorded)} -> {tuple(bounds.get(metric, ()))}"
        for metric, recorded in record.intervals.items()
        if tuple(recorded) != tuple(bounds.get(metric, ())) and not ((partial or unkept) and metric not in bounds)
    ]
    for title, old, new in (
        ("", {"": record.metrics}, {"": scores.metrics}),
        ("class ", record.per_class, scores.per_class),
        ("scene ", record.per_scene, scores.per_scene),
        ("super category ", record.per_super, scores.per_super),
    ):
        if not old:
            continue  # a breakdown that older records do not have
        for row in sorted({*old, *new}):
            again, stored = new.get(row, {}), old.get(row, {})
            lines += [
                f"{title}{row + ' ' if row else ''}{name}: {stored.get(name, 'absent')} -> {again.get(name, 'absent')}"
                for name in sorted(again if partial else {*again, *stored})
                if again.get(name, "absent") != stored.get(name, "absent") and not (unkept and again.get(name) is None)
            ]
    return lines


def _of_file(options: argparse.Namespace) -> int:
    import json

    from benchmark.cli._printing import print_metrics
    from benchmark.evaluators.scoring.score import score
    from benchmark.evaluators.statistics.bootstrap import intervals

    columns, repairs = _columns(options)
    for kind, count in sorted(repairs.counts.items()):
        _note(f"while reading: {count} x {kind}, first {repairs.examples[kind][0]}")
    names = ["lvis_ap"] if columns.federation else ["coco_ap", "tide", "bands"]
    if columns.federation and not options.rules:
        _note(f"{options.data} has LVIS's keys: scored by LVIS's rules; --rules coco takes COCO's")
    if "bands" in names and not columns.size_px.all():
        names.remove("bands")
        _note("AP by a box's share of the image is left out: it needs the size of every image")
    scores = score(names, columns, engine=options.engine)
    bounds = intervals(columns)
    if options.json:
        values = {"metrics": dict(scores.metrics), "intervals": dict(bounds), "per_class": dict(scores.per_class)}
        print(json.dumps({"engine": options.engine, **values}, indent=1))
        return 0
    print(f"{options.predictions} on {options.data}: {len(columns.image_ids)} images, {len(columns.names)} classes")
    print_metrics(scores.metrics, bounds)
    return 0


def _columns(options: argparse.Namespace) -> tuple[Columns, Repairs]:
    from pathlib import Path

    from benchmark.core.errors import DataError
    from benchmark.core.loading import MOST_COCO_BYTES, read_json
    from benchmark.datasets.readers.reading import Repairs
    from benchmark.evaluators.coco_files.from_coco import columns_from_coco

    repairs, file = Repairs(), Path(options.data)
    results = read_json(Path(options.predictions), DataError, MOST_COCO_BYTES, nan=True)
    if file.suffix.casefold() == ".json" or file.is_file():
        ground_truth, named = read_json(file, DataError, MOST_COCO_BYTES, nan=True), options.data
    else:
        from benchmark.harness.rescore import test_ground_truth

        ground_truth, named = test_ground_truth(options.data, options.task or "closed"), None
    columns = columns_from_coco(
        ground_truth,
        results,
        rules=options.rules,
        ground_truth_file=named,
        detections_file=options.predictions,
        report=repairs.add,
    )
    return columns, repairs


def _note(line: str) -> None:
    import sys

    print(f"bench: {line}", file=sys.stderr)


COMMAND = Command("score", "score stored detections again, or a file of detections", configure, run)
