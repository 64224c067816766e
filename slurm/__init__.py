"""Cells on a cluster: presets, code snapshots, arrays through submitit, what became of every task."""
