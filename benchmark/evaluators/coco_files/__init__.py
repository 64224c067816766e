"""COCO's and LVIS's json files: read, written and validated."""
