"""One file per action of `bench data`, named like the action; each exposes COMMAND."""
