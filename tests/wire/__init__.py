"""Providers of other wire formats, each served in a thread; their answers follow their public references."""
