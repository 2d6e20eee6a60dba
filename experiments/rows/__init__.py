"""The rows of dataset files: CSV, TSV, JSON and JSON Lines, read one at a time, and what they become."""
