"""One evaluator per file, exposed as EVALUATOR; evaluators read stored detections and never run a model."""
