"""From scores to a ranked board: item values, weighted scores, standings, comparisons, requirements."""
