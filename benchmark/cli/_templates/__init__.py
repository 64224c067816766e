"""What `bench new` writes: files with a few names to fill in."""
