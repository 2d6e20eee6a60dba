"""How fast Evalsite is, measured: `python -m benchmarks`, or `make bench` (docs/performance.md)."""
