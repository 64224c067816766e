"""Table 5: ablation of RTVP's parts; each row without a part turns off that part's switch."""

from benchmark.tables.content.table import AP, AP50, AP75, Row, Table

_PARTS: tuple[tuple[str, str, dict[str, bool]], ...] = (
    ("-Expert Domain Adapter", "no expert domain adapter", {"adapter": False}),
    ("-Refined Visual Prompt", "no refined visual prompt", {"visual_prompt": False}),
    ("-Text-Visual Interation", "no text-visual interaction", {"interaction": False}),
    ("RTVP", "RTVP", {}),
)
_BASELINE = "below the unmodified baseline YOLO-World-S of Table 2b (AP 21.2): the part would have to do harm elsewhere"

TABLE = Table(
    name="5",
    title="component ablation",
    task="zeroshot",
    paper_data="mmio",
    file="table_5.csv",
    keys=("setting", "variant"),
    columns=(AP, AP50, AP75),
    rows=tuple(
        Row(f"{setting}: {title}", "rtvp", (setting, printed), "s", switches, task)
        for setting, task in (("closed", "closed"), ("zero-shot", "zeroshot"))
        for printed, title, switches in _PARTS
    ),
    flags={
        ("closed", "-Expert Domain Adapter"): "9.7 below plain YOLOv8-S of Table 2a (AP 39.9)",
        ("zero-shot", "-Expert Domain Adapter"): _BASELINE,
        ("zero-shot", "-Refined Visual Prompt"): _BASELINE,
    },
)
