"""Embeddings of vocabularies, cached on disk, and of images."""
