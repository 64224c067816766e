"""What all figures share: style, choice of records, pictures."""
