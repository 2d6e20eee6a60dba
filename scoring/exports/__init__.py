"""A board and the results behind it as files."""
