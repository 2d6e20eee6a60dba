"""Judging an answer: which scorers, in which thread or process, and what a crash of one means."""
