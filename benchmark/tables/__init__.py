"""One paper table a file, each exposes TABLE; made from records only."""
