"""True zero-shot on the images that `upper-bound` is tested on; the fit is the one of task `zeroshot`."""

from benchmark.core.task import Classes, Task

TASK = Task(
    name="zeroshot-half",
    title="Zero-shot detection on the test images of the upper bound",
    version=1,
    split_rule="upper_bound",
    fit_on=Classes.BASE,
    test_on=Classes.NOVEL,
    open_vocabulary=True,
    evaluators=("coco_ap", "tide", "bands"),
    fit_split_rule="zeroshot",
)
