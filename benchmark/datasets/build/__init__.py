"""From downloaded sources to a data set: deduplication, manifest, conversion, splits, record."""
