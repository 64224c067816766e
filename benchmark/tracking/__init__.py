"""Where a run reports to: JSON lines always."""
