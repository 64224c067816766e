"""From a request to a record: resolve the cell, fit, predict, evaluate, record."""
