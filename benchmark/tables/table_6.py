"""Table 6: the patch size of sparse sampling, in pixels of the input image."""

from benchmark.tables.content.table import AP, AP50, AP75, Row, Table

TABLE = Table(
    name="6",
    title="patch size of sparse sampling (pixels of the input image)",
    task="zeroshot",
    paper_data="mmio",
    file="table_6.csv",
    keys=("patch_size",),
    columns=(AP, AP50, AP75),
    rows=(
        Row("8 px (not in the paper)", "rtvp", (), "s", {"patch_size": 8}),
        Row("16 px (not in the paper)", "rtvp", (), "s", {"patch_size": 16}),
        Row("32 px", "rtvp", ("32",), "s"),
        Row("64 px", "rtvp", ("64",), "s", {"patch_size": 64}),
        Row("128 px", "rtvp", ("128",), "s", {"patch_size": 128}),
    ),
    flags={("128",): "below the unmodified baseline YOLO-World-S of Table 2b (AP 21.2)"},
    notes=("Below 32 px selection runs on scores resampled to stride 4 and its mask is max-pooled to the levels.",),
)
