"""`bench verify BUNDLE`: every number of a bundle, computed again; needs no torch, data set, network or account."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from benchmark.cli._command import Command

if TYPE_CHECKING:
    from benchmark.records.bundle import Bundle


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench verify`."""
    parser.add_argument("bundle", metavar="BUNDLE", help="a file that 'bench bundle' wrote")
    parser.add_argument(
        "--engine", choices=["fast", "reference"], default="fast", help="reference: the official code (default: fast)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Exit status 1 where a number differs."""
    import json
    from pathlib import Path

    from benchmark.records.bundle import Bundle

    bundle = Bundle(Path(options.bundle).expanduser())
    failed = {run_id: lines for run_id in bundle.runs if (lines := differing(bundle, run_id, options.engine))}
    if options.json:
        print(json.dumps({"runs": list(bundle.runs), "engine": options.engine, "differing": failed}, indent=1))
        return 1 if failed else 0
    for run_id in bundle.runs:
        spec = bundle.record(run_id).spec
        cell = f"{run_id}  {spec.method} · {spec.task} · {spec.dataset} · seed {spec.seed}"
        print(f"{cell}: {'DIFFERS' if run_id in failed else 'every number holds'}")
        for line in failed.get(run_id, ()):
            print(f"  {line}")
    return 1 if failed else 0


def differing(bundle: Bundle, run_id: str, engine: str) -> list[str]:
    """One line per number of the record that its detections and ground truth do not give again."""
    import tempfile
    from dataclasses import replace
    from pathlib import Path

    from benchmark.cli.score import differences, val_unkept
    from benchmark.core.canonical import digest, file_sha256
    from benchmark.core.errors import BenchError
    from benchmark.evaluators.scoring.score import score
    from benchmark.evaluators.statistics.bootstrap import intervals
    from benchmark.records.predictions import read_predictions

    record = bundle.record(run_id)
    named = {artifact.name: artifact.sha256 for artifact in record.artifacts}
    sets = {}
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for part, name in (("test", "predictions"), ("val", "predictions_val")):
            if not bundle.holds(f"{run_id}/{part}.json"):
                continue
            content = bundle.read(f"{run_id}/{name}.parquet")
            file = Path(folder) / f"{name}.parquet"
            file.write_bytes(content)
            if file_sha256(file) != named.get(name):
                lines.append(f"{name}: not the detections that the record was made from (its sha256 differs)")
            sets[part] = replace(bundle.ground_truth(run_id, part), detections=read_predictions(file))
    try:
        test = sets["test"]
        names = tuple(record.spec.protocol["evaluators"])
        scores = score(names, test, sets.get("val"), engine=engine)
        lines += differences(record, scores)
        again = {**intervals(test), **scores.intervals}
        lines += [
            f"{metric} interval: {tuple(record.intervals[metric])} -> {tuple(again.get(metric, ()))}"
            for metric in record.intervals
            if not (val_unkept(record) and metric not in again)
            and digest(list(record.intervals[metric])) != digest(list(again.get(metric, ())))
        ]
    except BenchError as error:
        lines.append(f"could not be scored: {error}")
    return lines


COMMAND = Command("verify", "compute every number of a bundle again", configure, run)
