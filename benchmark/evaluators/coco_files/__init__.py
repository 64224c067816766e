"""Conversion between `Columns` and COCO's and LVIS's json files."""
