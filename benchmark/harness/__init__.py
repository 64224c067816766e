"""The heart, straight down: expand, execute, predict, record."""
