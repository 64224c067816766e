"""Records for readers: the static site and the mirror in W&B; reads records, never a data set or a model."""
