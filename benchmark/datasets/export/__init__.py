"""Export of data sets in layouts of other tools: one file per layout, each exposes `write`."""
