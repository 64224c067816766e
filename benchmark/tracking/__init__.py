"""Tracking of runs: JSON lines always, W&B on request. Nothing is read back from either."""
