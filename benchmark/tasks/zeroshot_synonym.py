"""Synonym zero-shot: the defects of the fit, tested under names that the fit did not use."""

from benchmark.core.task import Classes, Task

TASK = Task(
    name="zeroshot-synonym",
    title="Zero-shot detection under re-worded names",
    version=1,
    split_rule="zeroshot_synonym",
    fit_on=Classes.BASE,
    test_on=Classes.BASE,
    open_vocabulary=True,
    evaluators=("coco_ap", "operating_point", "inspection", "tide", "bands"),
    wording="synonyms",
)
