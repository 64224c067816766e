"""The static leaderboard site and the W&B report, both made from records; no data set or model is opened."""
