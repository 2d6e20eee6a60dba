"""OpenTelemetry: spans of runs, results and calls, events of scores."""
