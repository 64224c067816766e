"""One table per file, exposed as TABLE and filled only from records."""
