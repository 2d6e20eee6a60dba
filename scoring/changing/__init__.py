"""Scorers and weights that change after results exist: proposals with their flips, scoring again, weighing again."""
