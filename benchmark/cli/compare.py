"""`bench compare A B`: which of two methods is better on the same images, and whether by more than noise."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from benchmark.cli._command import Command

if TYPE_CHECKING:
    from benchmark.harness.rescore import Evidence

_SHOWN = 5


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench compare`."""
    parser.add_argument(
        "a", metavar="A", help="runs of one method: run ids or record files, one per seed, separated by ','"
    )
    parser.add_argument("b", metavar="B", help="runs of the other method, on the same data and task")
    parser.add_argument("--metric", choices=["AP", "AP50"], default="AP", help="metric that decides (default: AP)")
    parser.add_argument("--resamples", type=int, default=1000, metavar="N", help="bootstrap resamples (default: 1000)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Exit status 0 whichever is better. Raises RefusedError for cells that cannot be compared."""
    import json
    from dataclasses import asdict

    from benchmark.evaluators.statistics.comparison import METRICS, class_differences, resample_cells
    from benchmark.evaluators.statistics.verdict import Trainings, judge, training_noises, what_would_settle
    from benchmark.harness.rescore import find_record, load_evidence

    sides = [[load_evidence(find_record(name)) for name in side.split(",")] for side in (options.a, options.b)]
    _refuse_unlike([stored for side in sides for stored in side])
    cells = resample_cells(
        {name: [stored.test for stored in side] for name, side in zip("ab", sides, strict=True)}, options.resamples
    )
    compared = {}
    for metric in METRICS:
        noises = training_noises([cell.values[metric][:, 0].tolist() for cell in cells.values()])
        compared[metric] = [
            Trainings(name, tuple(range(len(cell.values[metric]))), cell.values[metric], noise, cell.groups)
            for (name, cell), noise in zip(cells.items(), noises, strict=True)
        ]
    verdicts = {metric: judge(a, b) for metric, (a, b) in compared.items()}
    first, second = compared[options.metric]
    facts = {
        "a": _facts(sides[0], options.metric),
        "b": _facts(sides[1], options.metric),
        "images": cells["a"].images,
        "groups": cells["a"].groups,
        "verdicts": {metric: asdict(verdict) for metric, verdict in verdicts.items()},
        "settled_by": asdict(what_would_settle(first, second, cells["a"].images)),
        "per_class": {name: list(values) for name, values in class_differences(cells["a"], cells["b"]).items()},
    }
    print(json.dumps(facts, indent=1) if options.json else _text(facts, options.metric))
    return 0


def _refuse_unlike(stored: list[Evidence]) -> None:
    from benchmark.core.errors import RefusedError

    first = stored[0].record
    for other in (each.record for each in stored[1:]):
        # Wordings may differ, because one may want to compare them; classes and images may not.
        for field in ("task", "dataset", "dataset_digest", "split_digest"):
            one, another = getattr(first.spec, field), getattr(other.spec, field)
            if one != another:
                raise RefusedError(
                    f"runs {first.run_id} and {other.run_id} differ in {field} ({one} and {another}): only cells of "
                    "one task, data set and split can be compared"
                )


def _facts(side: list[Evidence], metric: str) -> dict[str, Any]:
    from statistics import fmean, stdev

    spec = side[0].record.spec
    values = [stored.record.metrics[metric] or 0.0 for stored in side]
    return {
        "runs": [stored.record.run_id for stored in side],
        "name": f"{spec.model} ({', '.join([spec.profile, *spec.variations])})",
        "seeds": [stored.record.spec.seed for stored in side],
        metric: fmean(values),
        "deviation": stdev(values) if len(values) > 1 else None,
    }


def _seeds(side: dict[str, Any]) -> str:
    if side["deviation"] is None:
        return "one seed"
    return f"± {100 * side['deviation']:.2f} over {len(side['seeds'])} seeds"


def _text(facts: dict[str, Any], metric: str) -> str:
    a, b = facts["a"], facts["b"]
    lines = [f"{side['name']:<40} {metric} {100 * side[metric]:6.2f}  {_seeds(side)}" for side in (a, b)]
    lines.append(f"on {facts['images']} images in {facts['groups']} groups, resampled together")
    for name, verdict in facts["verdicts"].items():
        if verdict["low"] is not None:
            low, high = 100 * verdict["low"], 100 * verdict["high"]
            lines.append(f"{name:<5} {100 * verdict['difference']:+7.2f}   95 % interval {low:+.2f} to {high:+.2f}")
    verdict = facts["verdicts"][metric]
    words = {"above": f"{a['name']} is ahead", "below": f"{b['name']} is ahead", "tie": "tie: the interval contains 0"}
    lines.append(words.get(verdict["outcome"], f"not judged: {verdict['reason']}"))
    changes = sorted(facts["per_class"].items(), key=lambda item: item[1][0] - item[1][1])
    for title, rows in (("gains", [c for c in reversed(changes) if c[1][0] > c[1][1]]),
                        ("losses", [c for c in changes if c[1][0] < c[1][1]])):  # fmt: skip
        lines.append(f"{title} by class: {len(rows)}" + (f", the {_SHOWN} largest" if len(rows) > _SHOWN else ""))
        for name, (mine, theirs, low, high) in rows[:_SHOWN]:
            lines.append(
                f"  {name:<36} {100 * theirs:6.1f} -> {100 * mine:6.1f}   ({100 * low:+.1f} to {100 * high:+.1f})"
            )
    return "\n".join(lines)


COMMAND = Command("compare", "compare two methods on the same images: difference and its interval", configure, run)
