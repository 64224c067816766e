"""MMIO in its owners' layout: where its files are, how they are read, whether they are what the paper says."""
