"""The engine of every detector that is built on the ultralytics library: trainer, resume, loader, post-processing."""
