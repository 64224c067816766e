"""The procedural set, one box of it a file: taxonomy (words) -> plan (classes, boxes) -> render (surfaces, defects)."""
