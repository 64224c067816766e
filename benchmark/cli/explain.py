"""`bench explain RUN...`: compute and store what figures show of runs: curves, features, saliency, images."""

from __future__ import annotations

import argparse

from benchmark.cli._command import Command


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench explain`."""
    parser.add_argument("runs", nargs="+", metavar="RUN", help="a run id or its first digits, or a record file")
    parser.add_argument("--device", default="auto", metavar="DEVICE", help="auto, cpu, cuda, cuda:1")
    parser.add_argument(
        "--keep", action="store_true", help="also write to results/, but no images of data sets by others"
    )
    parser.add_argument("--json", action="store_true", help="print what was written as JSON")


def run(options: argparse.Namespace) -> int:
    """Write the files and print their paths; print on stderr why a run has no features and no saliency."""
    import json
    import sys

    from benchmark.cli._progress import progress
    from benchmark.core.paths import Home, Results
    from benchmark.harness.explain import explain
    from benchmark.harness.rescore import find_record, load_stored
    from benchmark.records.explanations import write_numbers, write_pictures

    rows = []
    for name in options.runs:
        stored = load_stored(find_record(name))
        run_id = stored.record.run_id
        explained = explain(stored, options.device, progress)
        here = Home.find().explanations
        written = [write_numbers(here, explained.numbers), write_pictures(here, run_id, explained.pictures)]
        if options.keep:
            kept = Results.find().explanations
            written.append(write_numbers(kept, explained.numbers))
            ours = all(picture.ours for picture in explained.pictures)
            written += [write_pictures(kept, run_id, explained.pictures)] if ours else []
        rows.append({"run_id": run_id, "files": [str(path) for path in written], "missing": explained.missing})
        if not options.json:
            print("\n".join(str(path) for path in written))
            if explained.missing:
                print(f"{run_id}: no features and no saliency, {explained.missing}", file=sys.stderr)
    if options.json:
        print(json.dumps(rows, indent=1))
    return 0


COMMAND = Command("explain", "compute what figures show of a run: curves, features, saliency, images", configure, run)
