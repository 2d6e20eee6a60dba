"""Other tools at the same job, each in a virtual environment of its own (`make bench-peers`)."""
