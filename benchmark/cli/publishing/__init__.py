"""What the leaderboard shows and where it is mirrored: shared by `bench leaderboard` and `bench paper`."""
