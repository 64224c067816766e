"""Readers: files on disk -> samples, one format per file."""
