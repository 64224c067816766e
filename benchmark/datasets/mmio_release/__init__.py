"""MMIO in the layout of its owners: find the files, read them, compare them with the paper."""
