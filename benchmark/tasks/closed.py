"""Closed set: fitted and tested on all classes, 80/20 by image group."""

from benchmark.core.task import Classes, Task

TASK = Task(
    name="closed",
    title="Closed-set detection",
    version=1,
    split_rule="closed",
    fit_on=Classes.ALL,
    test_on=Classes.ALL,
    open_vocabulary=False,
    evaluators=("coco_ap", "operating_point", "inspection", "tide", "bands"),
)
