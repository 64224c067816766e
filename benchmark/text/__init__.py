"""Text encoders: texts to unit vectors. One encoder per file, each exposes ENCODER."""
