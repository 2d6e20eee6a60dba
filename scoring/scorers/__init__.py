"""Scorers: judges of one result under frozen options."""
