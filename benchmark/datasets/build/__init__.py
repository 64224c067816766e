"""What turns sources into a data set: deduplication, manifest, conversion, splits."""
