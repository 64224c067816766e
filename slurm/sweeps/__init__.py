"""The sweeps, one per file: the file's name is the sweep's, and the file exposes SWEEP."""
