"""Boards, comparisons and people's scores by API."""
