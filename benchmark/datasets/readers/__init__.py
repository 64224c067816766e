"""Readers of label files, one format per file."""
