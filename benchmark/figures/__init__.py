"""One figure per file, exposed as FIGURE and made only from records."""
