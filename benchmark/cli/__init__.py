"""The command line: `main` dispatches by name, one file per sub-command."""
