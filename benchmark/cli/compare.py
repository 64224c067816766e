"""`bench compare A B`: is one of two methods better, beyond what other images and other trainings would change?"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from benchmark.cli._command import Command

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmark.core.comparison import Verdict
    from benchmark.core.record import RunRecord
    from benchmark.core.spec import RunSpec
    from benchmark.evaluators.statistics.verdict import TrainingNoise
    from benchmark.harness.rescore import Evidence

_SHOWN = 5


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench compare`."""
    parser.add_argument(
        "a", metavar="A", help="a run id or record file, for all seeds of its cell; or several, separated by ','"
    )
    parser.add_argument("b", metavar="B", help="the same of the other method, on the same data and task")
    parser.add_argument(
        "--runs-only", action="store_true", help="use the named runs, without other seeds of their cells"
    )
    parser.add_argument("--metric", choices=["AP", "AP50"], default="AP", help="metric that decides (default: AP)")
    parser.add_argument("--resamples", type=int, default=1000, metavar="N", help="bootstrap resamples (default: 1000)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Exit status 0 whichever is better. Raises RefusedError for cells that cannot be compared."""
    import json

    from benchmark.harness.rescore import find_record, load_evidence
    from benchmark.records.query import run_records

    named = [[load_evidence(find_record(name)) for name in side.split(",")] for side in (options.a, options.b)]
    given = [stored for side in named for stored in side]
    _refuse_unlike(given)
    records = {record.run_id: record for record in run_records(archived=True)}
    records |= {stored.record.run_id: stored.record for stored in given}
    for side in named:
        _refuse_mixed([stored.record for stored in side])
    cells = [side[0].record.spec.cell_key for side in named]
    alone = options.runs_only or cells[0] == cells[1]
    a, b = (_Side(side, {} if alone or len(side) > 1 else records) for side in named)
    facts = _compare(a, b, list(records.values()), options)
    print(json.dumps(facts, indent=1) if options.json else _text(facts, options.metric))
    return 0


class _Side:
    """The trainings of one side, by ascending seed; left_out: run id -> why a seed of the cell is not used."""

    def __init__(self, named: Sequence[Evidence], records: Mapping[str, RunRecord]) -> None:
        from benchmark.core.errors import BenchError
        from benchmark.core.record import Status
        from benchmark.harness.rescore import find_record, load_evidence

        self.left_out: dict[str, str] = {}
        stored, spec = list(named), named[0].record.spec
        seeds = {each.record.spec.seed for each in named}
        for record in records.values():
            mine = record.spec.cell_key == spec.cell_key and record.status is Status.OK
            if mine and record.spec.seed not in seeds:
                try:
                    stored.append(load_evidence(find_record(record.run_id)))
                except BenchError as error:
                    self.left_out[record.run_id] = str(error)
        self.spec = spec
        self.stored = sorted(stored, key=lambda each: each.record.spec.seed)
        self.seeds = tuple(each.record.spec.seed for each in self.stored)


def _compare(a: _Side, b: _Side, records: Sequence[RunRecord], options: argparse.Namespace) -> dict[str, Any]:
    from dataclasses import asdict, replace

    from benchmark.core.comparison import Outcome
    from benchmark.evaluators.statistics.comparison import METRICS, class_differences, resample_cells
    from benchmark.evaluators.statistics.verdict import Settling, Trainings, judge, what_would_settle
    from benchmark.harness.noise import cells_like, noises_of, shared_training

    sides = {"A": a, "B": b}
    resampled = resample_cells(
        {name: [each.test for each in side.stored] for name, side in sides.items()}, options.resamples
    )
    like = cells_like(records, a.spec, b.spec)
    one_method = a.spec.cell_key == b.spec.cell_key
    verdicts: dict[str, Verdict] = {}
    for metric in METRICS:
        noises: dict[str, TrainingNoise] = noises_of(like, metric)
        first, second = (
            Trainings(
                name,
                side.seeds,
                resampled[name].values[metric],
                noises[side.spec.cell_key],
                resampled[name].groups,
                shared_training(side.spec),
            )
            for name, side in sides.items()
        )
        verdicts[metric] = judge(first, second)
        if one_method:
            reason = "both are trainings of one method"
            verdicts[metric] = replace(verdicts[metric], outcome=Outcome.NOT_JUDGED, p=None, p_holm=None, reason=reason)
        if metric == options.metric:
            settling = Settling(None, None) if one_method else what_would_settle(first, second, resampled["A"].images)
    several = [cell for cell in like if len(cell.good) > 1]
    return {
        **{name.lower(): _facts(side, resampled[name].values, options.metric) for name, side in sides.items()},
        "images": resampled["A"].images,
        "groups": resampled["A"].groups,
        "verdicts": {metric: asdict(verdict) for metric, verdict in verdicts.items()},
        "noise_of_training": {"cells": len(several), "runs": sum(len(cell.good) for cell in several)},
        "settled_by": asdict(settling),
        "per_class_over_images": {
            name: list(values) for name, values in class_differences(resampled["A"], resampled["B"]).items()
        },
    }


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


def _refuse_mixed(side: list[RunRecord]) -> None:
    from benchmark.core.errors import RefusedError
    from benchmark.records.query import differing_fields

    first = side[0]
    for other in side[1:]:
        if fields := differing_fields([first, other]):
            raise RefusedError(
                f"runs {first.run_id} and {other.run_id} differ in {', '.join(fields)}: one side of a comparison is "
                "one cell, so its runs differ in the seed only"
            )
    seeds = [record.spec.seed for record in side]
    if len(set(seeds)) < len(seeds):
        raise RefusedError(f"run {first.run_id}: a seed of this side is named twice; name each run once")


def name_of(spec: RunSpec) -> str:
    """A cell for people: model, profile and what differs from the plain cell, `rtvp-n (quick, init=none)`."""
    return f"{spec.model} ({', '.join([spec.profile, *spec.variations])})"


def _facts(side: _Side, values: Mapping[str, Any], metric: str) -> dict[str, Any]:
    return {
        "runs": [each.record.run_id for each in side.stored],
        "name": name_of(side.spec),
        "seeds": list(side.seeds),
        metric: float(values[metric][:, 0].mean()),
        "left_out": side.left_out,
    }


def _text(facts: dict[str, Any], metric: str) -> str:
    lines = []
    for label in "AB":
        side = facts[label.lower()]
        seeds = f"seed{'s' if len(side['seeds']) > 1 else ''} {', '.join(map(str, side['seeds']))}"
        value = f"{metric} {100 * side[metric]:.2f}, {seeds}"
        name = f"{label}  {side['name']}"
        lines += [f"{name:<46} {value}"] if len(name) <= 46 else [name, f"   {value}"]
        lines += [f"   without run {run_id}, whose detections are not here" for run_id in side["left_out"]]
    lines.append(f"on {facts['images']:,} images in {facts['groups']:,} groups, resampled together")
    for name, verdict in facts["verdicts"].items():
        line = f"{name:<5} A - B {100 * verdict['difference']:+7.2f}"
        if verdict["low"] is not None:
            line += f"   95 % interval {100 * verdict['low']:+.2f} to {100 * verdict['high']:+.2f}"
        lines.append(line)
    lines += _noise_lines(facts, metric)
    lines += _verdict_lines(facts, metric)
    lines += _class_lines(facts["per_class_over_images"])
    return "\n".join(lines)


def _noise_lines(facts: dict[str, Any], metric: str) -> list[str]:
    verdict, pool = facts["verdicts"][metric], facts["noise_of_training"]
    images = f"images ±{100 * verdict['image_sd']:.2f}"
    if verdict["training_sd"] is None:
        return [f"standard deviation of the difference: {images}, trainings unknown"]
    return [
        f"standard deviation of the difference: {images},",
        f"  trainings ±{100 * verdict['training_sd']:.2f} from {verdict['dof']:.3g} degrees of freedom ("
        + (
            "differences of equal seeds)"
            if verdict["paired"]
            else f"{pool['runs']} runs of {pool['cells']} cell{'s' if pool['cells'] > 1 else ''} like these)"
        ),
    ]


def _verdict_lines(facts: dict[str, Any], metric: str) -> list[str]:
    verdict, settled = facts["verdicts"][metric], facts["settled_by"]
    if verdict["outcome"] == "not judged":
        lines = [f"not judged: {verdict['reason']}"]
        if settled["more_seeds"]:
            once = [side for side in "AB" if len(facts[side.lower()]["seeds"]) == 1]
            lines.append(f"a second training of {' and of '.join(once)} makes it possible to judge")
        return lines
    if verdict["outcome"] != "tie":
        return [f"ahead: {'A' if verdict['outcome'] == 'above' else 'B'}, at p = {verdict['p']:.2g}"]
    ways = [
        f"about {_rounded(number)} more {what}"
        for number, what in ((settled["more_seeds"], "seeds of each"), (settled["more_images"], "such images"))
        if number is not None
    ]
    lines = [f"tie: the interval contains 0 (p = {verdict['p']:.2g})"]
    if ways:
        return [*lines, f"{', or '.join(ways)} would settle it"]
    return [*lines, "neither more seeds nor more images alone would settle it"]


def _class_lines(per_class: Mapping[str, Sequence[float]]) -> list[str]:
    lines = []
    changes = sorted(per_class.items(), key=lambda item: item[1][0] - item[1][1])
    for title, rows in (("gains", [c for c in reversed(changes) if c[1][0] > c[1][1]]),
                        ("losses", [c for c in changes if c[1][0] < c[1][1]])):  # fmt: skip
        shown = f", the {_SHOWN} largest" if len(rows) > _SHOWN else ""
        lines.append(f"{title} of A by class, intervals over images alone: {len(rows)}{shown}")
        for name, (mine, theirs, low, high) in rows[:_SHOWN]:
            lines.append(
                f"  {name:<34.34} {100 * theirs:5.1f} -> {100 * mine:5.1f}   ({100 * low:+.1f} to {100 * high:+.1f})"
            )
    return lines


def _rounded(number: int) -> str:
    return f"{float(f'{number:.2g}'):,.0f}"  # an estimate


COMMAND = Command("compare", "which of two methods is better, beyond the noise of images and trainings", configure, run)
