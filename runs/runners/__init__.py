"""Runners: how to ask a provider of one kind for one completion."""
