"""Table 2a: closed-set detection on MMIO."""

from benchmark.tables.content.table import AP, AP50, Column, Row, Table

TABLE = Table(
    name="2a",
    title="closed-set detection",
    task="closed",
    paper_data="mmio",
    file="table_2a.csv",
    keys=("method",),
    columns=(
        AP,
        AP50,
        Column("P@maxF1", "P@maxF1", "precision"),
        Column("R@maxF1", "R@maxF1", "recall"),
        Column("P@val", "P@val", None),
        Column("R@val", "R@val", None),
    ),
    rows=(
        Row("YOLOv8-S", "yolov8", ("YOLOv8-S (ultralytics 2023)",), "s"),
        Row("YOLOv8-M", "yolov8", ("YOLOv8-M",), "m", {"variant": "m"}),
        Row("YOLOv9", "yolov9", ("YOLOv9 (Wang et al. 2024b)",)),
        Row("YOLOv10-S", "yolov10", ("YOLOv10-S (Wang et al. 2024a)",), "s"),
        Row("LiteYOLO-ID", "lite-yolo-id", ("LiteYOLO-ID (Li et al. 2024)",)),
        Row("LF-YOLO", "lf-yolo", ("LF-YOLO (Liu et al. 2023a)",)),
        Row("Steel det", "steel-det", ("Steel det (Wang et al. 2022b)",)),
        Row("RTVP", "rtvp", ("RTVP",), "s"),
    ),
    notes=(
        "P and R: IoU 0.5, class means at one confidence, chosen on test (@maxF1, as YOLO papers do) or on val.",
        "The paper does not name its rule. Its abstract says AP 42.2 for RTVP, this table and Table 5 say 42.4.",
    ),
    others=True,
)
