"""COCO 2017, all 80 classes: trained on train2017, tested on val2017 (Table 3)."""

from benchmark.core.task import Classes, Task

TASK = Task(
    name="coco",
    title="Detection on COCO 2017 (all 80 classes, tested on val2017)",
    version=1,
    split_rule="coco",
    fit_on=Classes.BASE,
    test_on=Classes.BASE,
    open_vocabulary=False,
    evaluators=("coco_ap",),
)
