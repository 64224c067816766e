"""Upper bound of zero-shot: half of the groups with novel boxes are trained on, the other half is tested.

Its lead over `zeroshot-half`, which tests a fit without novel boxes on the same images, is the gain from training on
the novel classes.
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
