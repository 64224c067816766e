"""Our own table: zero-shot beside a fit that has seen the novel classes, tested on the same images."""

from benchmark.tables.content.table import Column, Row, Table

TABLE = Table(
    name="upper-bound",
    title="zero-shot beside a fit that has seen the novel classes, on the same half of the novel groups",
    task="upper-bound",
    paper_data="mmio",
    file="",
    keys=(),
    columns=tuple(Column(metric, metric, None) for metric in ("AP", "AP50", "AP75")),
    rows=tuple(
        Row(f"{title}, {what}", method, task=task, weights=weights)
        for title, method in (("RTVP", "rtvp"), ("YOLO-World", "yolo-world"))
        for what, task, weights in (
            ("novel classes trained on", "upper-bound", "trained here"),
            ("zero-shot", "zeroshot-half", "trained here"),
            ("untrained weights", "upper-bound", "random"),
        )
    ),
    notes=("The paper has no such table.",),
)
