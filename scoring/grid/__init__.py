"""The grid of outputs: several runs over the same items, with their modes and filters."""
