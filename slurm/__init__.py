"""Runs cells on a Slurm cluster: presets, code snapshots, arrays through submitit, the state of every task."""
