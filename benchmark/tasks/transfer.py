"""Leave one scene out: fitted on all scenes but one, tested on all classes of that scene; one cell per scene."""

from benchmark.core.task import Classes, Task

TASK = Task(
    name="transfer",
    title="Transfer to a scene that was left out of the fit",
    version=1,
    split_rule="transfer",
    fit_on=Classes.BASE,
    test_on=Classes.NOVEL,
    open_vocabulary=True,
    evaluators=("coco_ap", "tide", "bands"),
    leaves_out_scenes=True,
)
