"""The command line: `main` dispatches by name, one file a sub-command."""
