"""One file an action of `bench leaderboard`; each exposes COMMAND, found by its file name like the commands."""
