"""What a table says: rows, cells, numbers, what the paper reported."""
