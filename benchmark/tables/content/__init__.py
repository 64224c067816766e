"""The content of a table: rows, cells, numbers, and what the paper reports."""
