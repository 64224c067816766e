"""The engine of detectors of the transformers library: prompts, weights, training, prediction."""
