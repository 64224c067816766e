"""One evaluator a file, each exposes EVALUATOR; they read stored detections, never a model."""
