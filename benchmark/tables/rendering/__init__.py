"""Output formats of a table: terminal, Markdown, CSV, JSON, HTML, LaTeX."""
