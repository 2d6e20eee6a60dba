"""What is to be seen of runs while they go on: counts, pace, news between processes, streams for pages."""
