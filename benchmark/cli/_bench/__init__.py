"""One file a measurement of `bench bench`; each exposes COMMAND, found by its file name like the commands."""
