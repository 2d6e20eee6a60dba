"""Figures for Prometheus, read from the counters of work units and lanes."""
