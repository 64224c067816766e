"""One detector a folder: `__init__` holds light facts (INFO), `adapter` the heavy code."""
