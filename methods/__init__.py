"""The detectors, one folder per method: `__init__` holds INFO without heavy imports, `adapter` the code."""
