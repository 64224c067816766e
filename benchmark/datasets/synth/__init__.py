"""The procedural data set: taxonomy (class names) -> plan (classes, boxes) -> render (surfaces, defects)."""
