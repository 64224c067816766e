"""What `make mutants` runs; see run.py."""
