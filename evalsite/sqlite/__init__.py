"""The database backend for SQLite: Django's, with one thing done better."""
