"""True zero-shot: fitted on base classes, tested on classes whose defect no base class has under any name."""

from benchmark.core.task import Classes, Task

TASK = Task(
    name="zeroshot",
    title="Zero-shot detection of truly novel classes",
    version=1,
    split_rule="zeroshot",
    fit_on=Classes.BASE,
    test_on=Classes.NOVEL,
    open_vocabulary=True,
    evaluators=("coco_ap", "tide", "bands"),
)
