"""People who rate: what comes next, the scale, what was said as a file."""
