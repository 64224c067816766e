"""Table 3: COCO val2017."""

from benchmark.tables.content.table import AP, Column, Row, Table

_MIXED = "AP is PaddleDetection's val number, APs/APm/APl its test-dev breakdown: two evaluations in one row"

TABLE = Table(
    name="3",
    title="COCO val2017",
    task="coco",
    paper_data="coco",
    file="table_3.csv",
    keys=("method",),
    columns=(AP, Column("APs", "APs", "APs"), Column("APm", "APm", "APm"), Column("APl", "APl", "APl")),
    rows=(
        Row("PP-YOLOE-S", "pp-yoloe", ("PP-YOLOE-S (Xu et al. 2022)",), "s"),
        Row("PP-YOLOE-M", "pp-yoloe", ("PP-YOLOE-M",), "m", {"variant": "m"}),
        Row("YOLOv8-S", "yolov8", ("YOLOv8-S (ultralytics 2023)",), "s"),
        Row("YOLOv9-S", "yolov9", ("YOLOv9-S (Wang et al. 2024b)",), "s"),
        Row("YOLOv9-M", "yolov9", ("YOLOv9-M",), "m", {"variant": "m"}),
        Row("YOLOv10-S", "yolov10", ("YOLOv10-S (Wang et al. 2024a)",), "s"),
        Row("RTVP", "rtvp", ("RTVP",), "s"),
    ),
    flags={
        ("PP-YOLOE-S (Xu et al. 2022)",): _MIXED,
        ("PP-YOLOE-M",): _MIXED,
        ("RTVP",): "APs and APm above YOLOv9-M's, whose AP is 3.9 higher: size APs and AP do not fit together",
    },
    notes=("Official AP: YOLOv9-S 46.8, YOLOv9-M 51.4; PP-YOLOE, YOLOv8-S and YOLOv10-S as printed.",),
    others=True,
)
