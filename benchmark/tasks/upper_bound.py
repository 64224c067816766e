"""Upper bound of zero-shot: half of the groups with novel boxes are trained on, the other half is tested.

What it is ahead of `zeroshot-half`, which tests a fit without any novel box on the same images, is what knowing the
novel classes would be worth.
"""

from benchmark.core.task import Classes, Task

TASK = Task(
    name="upper-bound",
    title="Upper bound of zero-shot: novel classes are trained on too",
    version=1,
    split_rule="upper_bound",
    fit_on=Classes.ALL,
    test_on=Classes.NOVEL,
    open_vocabulary=True,
    evaluators=("coco_ap", "tide", "bands"),
)
