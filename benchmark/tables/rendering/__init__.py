"""How a table is printed: terminal, Markdown, HTML, LaTeX."""
