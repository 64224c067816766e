"""Engine of detectors from mmdet: GLIP and what is built over it. `library.prepare` comes before any import of it."""
