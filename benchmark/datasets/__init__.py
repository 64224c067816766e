"""One data set a file, each exposes DATASET; machinery starts with an underscore."""
