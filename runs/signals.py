"""Upward news: what `runs` tells whoever builds on it."""

from django.dispatch import Signal

results_changed = Signal()
"""Results of a run came, went or were judged anew. Sent with `sender=Run`, `run` (the Run) and `is_final`;
with `is_rating` too where only what people say of them has changed."""

run_ended = Signal()
"""A run was completed, cancelled or failed. Sent with `sender=Run` and `run` (the Run)."""
