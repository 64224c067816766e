"""Data sets: one file per data set, each exposes DATASET; what they share is in sub-packages."""
