"""Shared by all figures: style, choice of cells, pictures."""
