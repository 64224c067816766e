"""The engine of detectors from mmdet: GLIP and methods built on it. Call `library.prepare` before importing mmdet."""
