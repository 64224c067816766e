"""`bench collect`: put finished, checked records into the results, and compare the cells of each board."""

from __future__ import annotations

import argparse

from benchmark.cli._command import Command


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench collect`."""
    parser.add_argument("--archive", action="store_true", help="move records of older versions to results/archive")
    parser.add_argument("--json", action="store_true", help="print what was done as JSON")


def run(options: argparse.Namespace) -> int:
    """Exit status 0, also where records are refused: the reasons are printed."""
    import json
    from dataclasses import asdict

    from benchmark.cli._progress import progress
    from benchmark.core.canonical import to_plain
    from benchmark.core.errors import RecordError
    from benchmark.core.paths import Home, Results
    from benchmark.harness.comparing import compare_boards
    from benchmark.harness.rescore import tabulate
    from benchmark.records.collect import archive_older, collect
    from benchmark.records.comparisons import Comparisons, keep_only, write_comparison
    from benchmark.records.query import committed_records

    results = Results.find()
    done = collect(Home.find(), results, tabulate)
    archived = archive_older(results) if options.archive else ()
    try:
        stored = Comparisons.find(results)
    except RecordError:  # of another version of this program, or broken: all boards are compared again
        stored = Comparisons()
    compared = compare_boards(committed_records(), stored, progress)
    for comparison in compared.made:
        write_comparison(results, comparison)
    keep_only(results, [*compared.present, *compared.missing, *(comparison.board for comparison in compared.made)])
    if options.json:
        boards = {
            "made": [to_plain(comparison.board) for comparison in compared.made],
            "missing": [{**to_plain(board), "reason": reason} for board, reason in compared.missing.items()],
        }
        print(json.dumps({**asdict(done), "archived": archived, "comparisons": boards}, indent=1))
        return 0
    print(f"{results.records}: {len(done.taken)} taken, {len(done.present)} already there, {len(done.refused)} refused")
    for run_id in done.taken:
        print(f"  taken   {run_id}")
    for run_id in archived:
        print(f"  archived {run_id}")
    for run_id, reason in done.refused.items():
        print(f"  refused {run_id}: {reason}")
    for split in done.unchecked:
        print(f"  leaks   not checked here: split of {split}; check it with: bench data leaks {split.split()[0]}")
    for comparison in compared.made:
        print(f"  compared {comparison.board}: {len(comparison.cells)} cells, {comparison.floor}")
    for board, reason in compared.missing.items():
        print(f"  not compared {board}: {reason}")
    return 0


COMMAND = Command("collect", "put finished records into the results", configure, run)
