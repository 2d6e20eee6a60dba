"""Runs and their results by API."""
