"""Intervals, resampling and comparisons of runs."""
