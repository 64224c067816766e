"""What names things: digests of data sets, splits and vocabularies, and the ids of planned cells.

`PYTHONPATH=. python tests/golden/identities.py` writes identities.json anew, with mmio-open built below $BENCH_HOME. A
line that changes there needs a raised version of a method, a task or a data set, and a sentence in the changelog.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmark.core.errors import RefusedError
from benchmark.core.method import WeightsOrigin
from benchmark.core.paths import Results
from benchmark.core.plugins import list_names, load
from benchmark.core.sample import Dataset
from benchmark.core.spec import RunRequest
from benchmark.core.task import Task
from benchmark.harness.cell import Cell, resolve
from benchmark.harness.data import WORDINGS, DataSets
from benchmark.records.store import Store

FILE = Path(__file__).with_name("identities.json")
DATASETS = ("mmio-open", "mmio-synth")
PROFILES = ("quick", "demo", "paper")


SETS = DataSets()
"""opened once per process"""


def planned(request: RunRequest) -> list[Cell]:
    """See resolve."""
    return resolve(request, SETS)


def dataset_identities(name: str) -> dict[str, Any]:
    """The digests of a data set, of each of its splits (all of it, what a fit may see), of its vocabularies."""
    dataset = SETS.open(name)
    splits, vocabularies = {}, {}
    for rule, task in _rules(dataset):
        split = dataset.split(rule)
        splits[rule] = [split.digest, split.fit_digest]
        for classes in sorted({task.fit_on, task.test_on}):
            labels = classes.of(split)
            for wording in (*WORDINGS, "canonical@1"):
                try:
                    vocabulary = SETS.vocabulary(dataset, labels, wording)
                except RefusedError:
                    continue  # a class has no such wording
                vocabularies[f"{rule}, {classes}, {wording}"] = vocabulary.digest
    return {
        "version": dataset.info.version,
        "digest": dataset.digest,
        "splits": splits,
        "vocabularies": vocabularies,
    }


def _rules(dataset: Dataset) -> Iterator[tuple[str, Task]]:
    scenes = sorted({category.scene for category in dataset.categories})
    for name in ("closed", "zeroshot", "zeroshot_synonym", "generalized", "transfer"):
        task: Task = load("task", name)
        for scene in scenes if task.leaves_out_scenes else [None]:
            yield task.rule(scene), task


def planned_ids(method: str) -> dict[str, list[str | None]]:
    """run_id and fit_id of what can be asked of a method on mmio-synth, under the profiles that are ever published."""
    ids = {}
    for task in ("closed", "zeroshot"):
        for profile in PROFILES:
            for weights in WeightsOrigin:
                try:
                    (cell,) = planned(RunRequest(method, task, "mmio-synth", profile, weights=weights))
                except (RefusedError, KeyError):
                    continue
                fit = cell.spec.fit
                ids[f"{task}, {profile}, {weights}"] = [cell.spec.run_id, fit.fit_id if fit else None]
    return ids


def main() -> None:
    """Write the file."""
    records = Store(Results.find().records)
    content = {
        "fits": {record.run_id: [fit.fit_id for fit in record.spec.fits] for record in records},
        "datasets": {name: dataset_identities(name) for name in DATASETS},
        "planned": {method: planned_ids(method) for method in list_names("method")},
    }
    FILE.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
