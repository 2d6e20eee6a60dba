"""Statistics: pure functions on plain sequences. "Not estimable" is None, never 0; seeds are fixed."""

from scoring.statistics.agreement import Level, Weighting, cohens_kappa, krippendorffs_alpha, raw_agreement
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
from scoring.statistics.judges import CorrectedRate, JudgeCheck, corrected_rate
from scoring.statistics.paired import (
    Disagreement,
    PairedDifference,
    difference_of,
    holm,
    mcnemar,
    mcnemar_p_value,
    paired_difference,
)
from scoring.statistics.planning import Noise, detectable_difference, items_needed
from scoring.statistics.preferences import bradley_terry
from scoring.statistics.standard_errors import clustered_standard_error, design_effect, standard_error
from scoring.statistics.trials import flakiness, pass_at_k, pass_every_k
from scoring.statistics.unpaired import UnpairedDifference, unpaired_difference

__all__ = [
    "CorrectedRate",
    "Disagreement",
    "Interval",
    "JudgeCheck",
    "Level",
    "Noise",
    "PairedDifference",
    "UnpairedDifference",
    "Weighting",
    "bootstrap_interval",
    "bradley_terry",
    "clustered_interval",
    "clustered_standard_error",
    "cohens_kappa",
    "corrected_rate",
    "design_effect",
    "detectable_difference",
    "difference_of",
    "flakiness",
    "holm",
    "items_needed",
    "krippendorffs_alpha",
    "mcnemar",
    "mcnemar_p_value",
    "mean_interval",
    "paired_difference",
    "pass_at_k",
    "pass_every_k",
    "raw_agreement",
    "score_interval",
    "standard_error",
    "t_interval",
    "t_interval_of_variance",
    "unpaired_difference",
    "wilson_interval",
]
