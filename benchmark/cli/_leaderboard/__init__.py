"""One file per action of `bench leaderboard`, named like the action; each exposes COMMAND."""
