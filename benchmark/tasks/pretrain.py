"""Pre-training: a fit on all boxes of a data set, without a score; later tasks measure its effect."""

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
