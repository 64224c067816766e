"""Generalized zero-shot: fitted on base classes, tested with base and novel names in one vocabulary."""

from benchmark.core.task import Classes, Task

TASK = Task(
    name="generalized",
    title="Generalized zero-shot detection (all names at test time)",
    version=1,
    split_rule="zeroshot",
    fit_on=Classes.BASE,
    test_on=Classes.ALL,
    open_vocabulary=True,
    evaluators=("coco_ap", "base_novel", "tide", "bands"),
)
