"""Table 2b: zero-shot detection on MMIO."""

from benchmark.tables.content.table import AP, AP50, AP75, PARAMETERS, Column, Row, Table, controls

TABLE = Table(
    name="2b",
    title="zero-shot detection of novel classes",
    task="zeroshot",
    paper_data="mmio",
    file="table_2b.csv",
    keys=("method",),
    columns=(AP, AP50, AP75, Column("params", PARAMETERS, "params")),
    rows=(
        Row("MDETR", "mdetr", ("MDETR (Kamath et al. 2021)",)),
        Row("GLIP-T", "glip", ("GLIP-T (Li et al. 2022b)",), "t-c"),
        Row("GLIPv2-T", "glipv2", ("GLIPv2-T",), "t"),
        Row("DetCLIP-T", "detclip", ("DetCLIP-T (Yao et al. 2022)",), "t"),
        Row("YOLO-World-S", "yolo-world", ("YOLO-W-S (Cheng et al. 2024)",), "s"),
        Row("Grounding DINO-T", "grounding-dino", ("Grounding DINO-T (Liu et al. 2023b)",), "t"),
        Row("RTVP", "rtvp", ("RTVP",), "s"),
        *controls("RTVP", "rtvp"),
        Row("RTVP, image encoder frozen (sam_train=frozen)", "rtvp", overrides={"sam_train": "frozen"}),
        *controls("YOLO-World", "yolo-world"),
    ),
    notes=("The paper's split is not public; on other data its cells and ours stand side by side, no more.",),
    others=True,
)
