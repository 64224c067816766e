"""What is asked of a method, one task a file; each exposes TASK."""
