"""Content of the site: the stored records, and the facts about methods, tasks and data sets shown beside them."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmark import __version__
from benchmark.core.errors import BenchError, UnknownNameError
from benchmark.core.method import MethodInfo
from benchmark.core.plugins import list_names, load, public_name
from benchmark.core.record import RunRecord
from benchmark.core.task import Task
from benchmark.leaderboard.context import Context
from benchmark.leaderboard.site import Built, build_site
from benchmark.records.comparisons import Comparisons
from benchmark.records.query import HIDDEN_PROFILES, committed_records, dataset_records, run_records
from benchmark.records.versions import one_version


def build(options: argparse.Namespace, folder: Path) -> Built:
    """Write the site. Raises UnknownNameError for an unknown task, RecordError for a bad record or folder."""
    from benchmark.harness.provenance import gather

    records = _records(options)
    source = gather("none", None, "", None)
    facts = {"utc": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), "version": __version__, "commit": source.commit}
    return build_site(records, gather_context(records, open_data=not options.no_data), folder, facts)


def gather_context(records: Sequence[RunRecord], *, open_data: bool) -> Context:
    """Facts about methods, tasks and the paper's cells; with open_data also pictures."""
    from benchmark.cli.publishing.evidence import gather_evidence
    from benchmark.cli.publishing.paper_cells import paper_cells

    methods = _methods({record.spec.method for record in records})
    tasks: dict[str, Task] = {name: load("task", name) for name in list_names("task")}
    stored = Comparisons.find()
    tables, cells = paper_cells(records, stored)
    evidence = gather_evidence(records) if open_data else None
    return Context(
        methods=methods,
        tasks=tasks,
        tables=tables,
        cells=cells,
        ledgers=_ledgers(records, methods, tasks),
        comparisons=stored,
        pictures=evidence.pictures if evidence else {},
        thresholds=evidence.thresholds if evidence else {},
    )


def _records(options: argparse.Namespace) -> list[RunRecord]:
    tasks = None
    if options.task:
        tasks = {public_name(name) for name in options.task}
        for name in sorted(tasks - set(list_names("task"))):
            raise UnknownNameError("task", name, list_names("task"))
    archived = options.version is not None
    records = (committed_records if options.committed else run_records)(tasks, archived=archived)
    if options.profile:
        wanted = [record for record in records if record.spec.profile == options.profile]
    else:
        wanted = [record for record in records if record.spec.profile not in HIDDEN_PROFILES]
    selection = one_version(wanted, options.version)
    for note in selection.notes:
        print(f"bench: {note}", file=sys.stderr)
    return list(selection.records)


def _methods(names: set[str]) -> dict[str, MethodInfo]:
    """Facts of the methods that are installed; a record of any other is shown without them."""
    return {name: load("method", name) for name in sorted(names & set(list_names("method")))}


def _ledgers(
    records: Sequence[RunRecord], methods: Mapping[str, MethodInfo], tasks: Mapping[str, Task]
) -> dict[str, Mapping[str, Any]]:
    """Run id -> ledger: the record's own, else by name and synonym from what the method declares.

    Of data sets with a committed record, so that all homes show the same.
    """
    data = {(r.name + (f"@{r.variant}" if r.variant else ""), r.digest): r for r in dataset_records(committed=True)}
    made: dict[tuple[str, ...], Mapping[str, Any] | None] = {}
    ledgers = {}
    for record in records:
        spec = record.spec
        own = record.facts.get("ledger")
        key = (spec.method, spec.task, spec.dataset, spec.dataset_digest, str(spec.weights))
        if own is None and key not in made:
            info, task = methods.get(spec.method), tasks.get(spec.task)
            built = data.get((spec.dataset, spec.dataset_digest))
            made[key] = _ledger(info, task, built, spec.weights) if info and task and built else None
        ledger = own or made.get(key)
        if ledger:
            ledgers[record.run_id] = ledger
    return ledgers


def _ledger(info: MethodInfo, task: Task, data: Any, weights: Any) -> Mapping[str, Any] | None:
    """Facts of the ledger; None where only fitted classes are tested, weights are random, or the split is missing."""
    from benchmark.cli._data.ledger import classes_of
    from benchmark.core.method import WeightsOrigin
    from benchmark.core.task import Classes
    from benchmark.datasets.ledger.ledger import make_ledger

    if task.test_on is Classes.BASE or task.fit_on is Classes.ALL or weights is WeightsOrigin.RANDOM:
        return None
    try:
        tested, base = classes_of(data, task)
    except BenchError:  # a set without that split, or an old record of it: then no share can be given
        return None
    fitted = () if weights is WeightsOrigin.PRETRAINED else base
    return make_ledger(info.trained_on, tested, fitted, None, info.trained_classes).facts()
