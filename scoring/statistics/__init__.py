"""Statistics: pure functions on plain sequences. "Not estimable" is None, never 0; seeds are fixed."""

from scoring.statistics.intervals import (
    Interval,
    bootstrap_interval,
    clustered_interval,
    mean_interval,
    score_interval,
    t_interval,
    t_interval_of_variance,
    wilson_interval,
)
from scoring.statistics.standard_errors import clustered_standard_error, design_effect, standard_error

__all__ = [
    "Interval",
    "bootstrap_interval",
    "clustered_interval",
    "clustered_standard_error",
    "design_effect",
    "mean_interval",
    "score_interval",
    "standard_error",
    "t_interval",
    "t_interval_of_variance",
    "wilson_interval",
]
