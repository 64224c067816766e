"""Our own table: detection with base and novel names in one vocabulary."""

from benchmark.tables.content.table import Column, Row, Table, controls

TABLE = Table(
    name="generalized",
    title="base and novel classes asked for together",
    task="generalized",
    paper_data="mmio",
    file="",
    keys=(),
    columns=(
        Column("AP", "AP", None),
        Column("AP base", "AP_base", None),
        Column("AP novel", "AP_novel", None),
        Column("harmonic mean", "AP_harmonic", None),
    ),
    rows=(
        Row("RTVP", "rtvp"),
        Row("YOLO-World", "yolo-world"),
        Row("Grounding DINO", "grounding-dino"),
        *controls("RTVP", "rtvp"),
        *controls("YOLO-World", "yolo-world"),
    ),
    notes=("The paper has no such table.",),
    others=True,
)
