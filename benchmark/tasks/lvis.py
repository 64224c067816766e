"""LVIS v1, all 1,203 names at test time, fitted on the common and frequent classes only (Table 4).

1,000 detections per image are kept: AP uses the best 300 of them, fixed AP all.
"""

from benchmark.core.task import Classes, Task

TASK = Task(
    name="lvis",
    title="Large-vocabulary detection on LVIS v1 (rare classes are novel)",
    version=1,
    split_rule="lvis",
    fit_on=Classes.BASE,
    test_on=Classes.ALL,
    open_vocabulary=True,
    evaluators=("lvis_ap", "lvis_fixed_ap"),
    max_detections=1_000,
)
