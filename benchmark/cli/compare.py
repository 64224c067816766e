"""`bench compare A B`: which of two is better on the same images, and by how much beyond noise."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from benchmark.cli._command import Command

if TYPE_CHECKING:
    from benchmark.harness.rescore import Stored

_SHOWN = 5


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench compare`."""
    parser.add_argument("a", metavar="A", help="runs of one method: id, or record file; several seeds joined by ','")
    parser.add_argument("b", metavar="B", help="runs of the other method, on the same data and task")
    parser.add_argument("--metric", choices=["AP", "AP50"], default="AP", help="what decides (default: AP)")
    parser.add_argument("--resamples", type=int, default=1000, metavar="N", help="of the bootstrap (default: 1000)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Exit status 0 whoever is better. Raises RefusedError for cells that cannot be compared."""
    import json

    from benchmark.evaluators.statistics.comparison import paired_difference
    from benchmark.harness.rescore import find_record, load_stored

    sides = [[load_stored(find_record(name)) for name in side.split(",")] for side in (options.a, options.b)]
    _refuse_unlike([stored for side in sides for stored in side])
    a, b = ([stored.test for stored in side] for side in sides)
    difference = paired_difference(a, b, options.resamples)
    facts = {
        "a": _facts(sides[0], options.metric),
        "b": _facts(sides[1], options.metric),
        "images": difference.images,
        "groups": difference.groups,
        "difference": dict(difference.point),
        "interval": {metric: list(bounds) for metric, bounds in difference.bounds.items()},
        "verdict": _verdict(difference, options.metric),
        "more_images": difference.more_images(options.metric),
        "per_class": {name: list(values) for name, values in difference.per_class.items()},
    }
    print(json.dumps(facts, indent=1) if options.json else _text(facts, options.metric))
    return 0


def _refuse_unlike(stored: list[Stored]) -> None:
    from benchmark.core.errors import RefusedError

    first = stored[0].record
    for other in (each.record for each in stored[1:]):
        # Wordings may differ: that is a question one asks. Names and images may not.
        for field in ("task", "dataset", "dataset_digest", "split_digest"):
            mine, theirs = getattr(first.spec, field), getattr(other.spec, field)
            if mine != theirs:
                raise RefusedError(
                    f"runs {first.run_id} and {other.run_id} differ in {field} ({mine} and {theirs}): only cells of "
                    "one task, data set and split can be compared"
                )


def _facts(side: list[Stored], metric: str) -> dict[str, Any]:
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


def _verdict(difference: Any, metric: str) -> str:
    if not difference.separated(metric):
        return "tie"
    return "a" if difference.point[metric] > 0 else "b"


def _seeds(side: dict[str, Any]) -> str:
    if side["deviation"] is None:
        return "one seed"
    return f"± {100 * side['deviation']:.2f} over {len(side['seeds'])} seeds"


def _text(facts: dict[str, Any], metric: str) -> str:
    a, b = facts["a"], facts["b"]
    lines = [f"{side['name']:<40} {metric} {100 * side[metric]:6.2f}  {_seeds(side)}" for side in (a, b)]
    lines.append(f"on {facts['images']} images in {facts['groups']} groups, drawn together")
    for name, value in facts["difference"].items():
        if name in facts["interval"]:
            low, high = facts["interval"][name]
            lines.append(f"{name:<5} {100 * value:+7.2f}   95 % interval {100 * low:+.2f} to {100 * high:+.2f}")
    verdict = {"tie": "tie: the interval holds 0", "a": f"{a['name']} is better", "b": f"{b['name']} is better"}
    lines.append(verdict[facts["verdict"]])
    if facts["verdict"] == "tie":
        more = facts["more_images"]
        lines.append(
            "no number of such images would separate them"
            if more is None
            else f"about {float(f'{more:.2g}'):,.0f} more such images would separate them"  # an estimate
        )
    if None in (a["deviation"], b["deviation"]):
        lines.append("the interval is over images only: what another training would change, one seed cannot say")
    changes = sorted(facts["per_class"].items(), key=lambda item: item[1][0] - item[1][1])
    for title, rows in (("gains", [c for c in reversed(changes) if c[1][0] > c[1][1]]),
                        ("losses", [c for c in changes if c[1][0] < c[1][1]])):  # fmt: skip
        lines.append(f"{title} by class: {len(rows)}" + (f", the {_SHOWN} largest" if len(rows) > _SHOWN else ""))
        for name, (mine, theirs, low, high) in rows[:_SHOWN]:
            lines.append(
                f"  {name:<36} {100 * theirs:6.1f} -> {100 * mine:6.1f}   ({100 * low:+.1f} to {100 * high:+.1f})"
            )
    return "\n".join(lines)


COMMAND = Command("compare", "difference of two methods on the same images, with its interval", configure, run)
