"""The types and helpers that all packages share; it imports no other package of this project."""
