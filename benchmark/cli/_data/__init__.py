"""One file an action of `bench data`; each exposes COMMAND, found by its file name like the commands themselves."""
