"""From samples and detections to metrics: columns, matching, curves, engines."""
