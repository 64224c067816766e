"""Texts to unit vectors, one encoder a file, each exposes ENCODER; cached a vocabulary."""
