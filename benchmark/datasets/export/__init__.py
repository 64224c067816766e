"""Hand a data set on in a layout that other tools read: one layout a file, each exposes `write`."""
