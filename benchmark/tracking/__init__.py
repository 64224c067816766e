"""Where a run reports to: JSON lines always, W&B when it is asked for; mirrors only, nothing is read back."""
