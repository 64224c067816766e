"""Cells on a cluster: presets, code snapshots, arrays through submitit, the state of every task."""
