"""`bench verify`: the digests of the results; `bench verify BUNDLE`: every number of a bundle, computed again.

Needs no torch, data set, network or account.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from benchmark.cli._command import Command

if TYPE_CHECKING:
    from benchmark.records.bundle import Bundle


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench verify`."""
    parser.add_argument(
        "bundle", nargs="?", metavar="BUNDLE", help="a file that 'bench bundle' wrote (default: check the results)"
    )
    parser.add_argument(
        "--engine", choices=["fast", "reference"], default="fast", help="reference: the official code (default: fast)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Exit status 1 where a number or a file differs."""
    import json
    from pathlib import Path

    from benchmark.records.bundle import Bundle
    from benchmark.records.evidence import MATCHES

    if options.bundle is None:
        return _of_results(options)
    bundle = Bundle(Path(options.bundle).expanduser())
    failed = {run_id: lines for run_id in bundle.runs if (lines := differing(bundle, run_id, options.engine))}
    if options.json:
        print(json.dumps({"runs": list(bundle.runs), "engine": options.engine, "differing": failed}, indent=1))
        return 1 if failed else 0
    for run_id in bundle.runs:
        spec = bundle.record(run_id).spec
        cell = f"{run_id}  {spec.method} · {spec.task} · {spec.dataset} · seed {spec.seed}"
        holds = "every number holds"
        if bundle.holds(f"{run_id}/{MATCHES}.parquet"):
            holds = "every number that its match table gives holds"
        print(f"{cell}: {'DIFFERS' if run_id in failed else holds}")
        for line in failed.get(run_id, ()):
            print(f"  {line}")
    return 1 if failed else 0


def _of_results(options: argparse.Namespace) -> int:
    import json

    from benchmark.core.paths import Results
    from benchmark.records.evidence import evidence_problems

    results = Results.find()
    problems = list(evidence_problems(results))
    if options.json:
        print(json.dumps({"results": str(results.root), "problems": problems}, indent=1))
        return 1 if problems else 0
    for problem in problems:
        print(problem)
    noun = "problem" if len(problems) < 2 else "problems"
    print(f"{results.root}: {len(problems) or 'no'} {noun} with predictions, match tables and comparisons")
    return 1 if problems else 0


def differing(bundle: Bundle, run_id: str, engine: str) -> list[str]:
    """One line per number of the record that its evidence does not give again.

    Evidence is detections and ground truth, or a match table, which gives those numbers again that need no boxes.
    """
    import tempfile
    from dataclasses import replace
    from pathlib import Path

    from benchmark.cli.score import differences
    from benchmark.core.canonical import file_sha256
    from benchmark.core.errors import BenchError
    from benchmark.evaluators.scoring.score import score, score_matches
    from benchmark.evaluators.statistics.bootstrap import intervals
    from benchmark.records.evidence import MATCHES
    from benchmark.records.matches import read_matches
    from benchmark.records.predictions import read_predictions

    record = bundle.record(run_id)
    named = {artifact.name: artifact.sha256 for artifact in record.artifacts}
    names = tuple(record.spec.protocol["evaluators"])
    sets, lines = {}, []
    with tempfile.TemporaryDirectory() as folder:

        def unpacked(name: str) -> Path:
            file = Path(folder) / f"{name}.parquet"
            file.write_bytes(bundle.read(f"{run_id}/{name}.parquet"))
            if file_sha256(file) != named.get(name):
                lines.append(f"{name}: not the {name} that the record was made with (its sha256 differs)")
            return file

        table = read_matches(unpacked(MATCHES)) if bundle.holds(f"{run_id}/{MATCHES}.parquet") else None
        for part, name in (("test", "predictions"), ("val", "predictions_val")):
            if table is None and (part == "test" or bundle.holds(f"{run_id}/{part}.json")):
                detections = read_predictions(unpacked(name))
                sets[part] = replace(bundle.ground_truth(run_id, part), detections=detections)
    try:
        if table is not None:
            lines += differences(record, score_matches(names, table), intervals(table), partial=True)
        else:
            scores = score(names, sets["test"], sets.get("val"), engine=engine)
            lines += differences(record, scores, intervals(sets["test"]))
    except BenchError as error:
        lines.append(f"could not be scored: {error}")
    return lines


COMMAND = Command("verify", "check the results by digest, or compute every number of a bundle again", configure, run)
