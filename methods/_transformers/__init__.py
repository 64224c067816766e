"""The engine of detectors that live in the transformers library: prompts, weights, training, prediction."""
