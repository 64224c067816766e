"""Named lists of cells: a file is a sweep, its name is its public name, and it exposes SWEEP."""
