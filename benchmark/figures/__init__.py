"""One figure a file, each exposes FIGURE; made from records only."""
