"""The simulator: an OpenAI-compatible HTTP endpoint of our own, whose models have chosen accuracy, pace and faults."""
