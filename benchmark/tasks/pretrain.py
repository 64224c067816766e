"""A fit on everything that a data set for pre-training holds, and no score: what it is worth is measured elsewhere."""

from benchmark.core.task import Classes, Task

TASK = Task(
    name="pretrain",
    title="Pre-training (a fit, no score)",
    version=1,
    split_rule="pretrain",
    fit_on=Classes.BASE,
    test_on=Classes.BASE,
    open_vocabulary=True,
    evaluators=(),
)
