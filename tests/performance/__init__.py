"""How long things take on this machine: one module per measurement, run by `python -m tests.performance NAME`."""
