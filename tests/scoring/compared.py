"""Runs whose items were right or wrong, for tests of comparisons."""

from experiments.models import Experiment
from runs.models import Run
from tests.scoring.standings import ended, run_of, score_all

FIRST, SECOND = "1110110111", "1010010101"
"""Answers to ten items: difference 0.30, paired standard error 0.152753, exact p 0.25; 3 better, none worse."""


def scored_run(experiment: Experiment, answers: str) -> Run:
    """Return a completed run whose items were right (1), wrong (0) or not judged (.)."""
    run = run_of(experiment)
    score_all(run, {position: float(answer) for position, answer in enumerate(answers) if answer != "."})
    return ended(run)
