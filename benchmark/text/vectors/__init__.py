"""Texts and images -> unit vectors, cached."""
