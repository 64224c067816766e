"""Table 1: data sets, with the paper's counts and those of the sets built here."""

from benchmark.tables.content.datasets import DatasetTable

TABLE = DatasetTable(
    name="1",
    title="data sets",
    file="table_1.csv",
    flags={
        "VisA(Fernando et al. 2020)": "VisA is by Zou et al. 2022; the cited work is a medical survey",
        "MS-COCO(Lin et al. 2014)": "118,000 is COCO's training part alone; its images show more than one scene",
        "VOC2007(Everingham et al. 2015)": "its images show more than one scene",
        "MMIO-80K": "80K are boxes, not images; 18 are scenes in one place of the paper, sources in another",
    },
    names={"MS-COCO(Lin et al. 2014)": "coco", "MMIO-80K": "mmio"},
)
