"""Experiments whose stored answers a changed scorer judges again: "… A: Paris" for every sum, all of them wrong."""

from typing import Any

from experiments.declarations import ScorerDeclaration
from experiments.models import Experiment
from scoring.boards.summing import sum_up
from scoring.changing.proposing import change_scorer
from scoring.models import ScorerProposal
from tests.boards import result_of, run_of
from tests.runs.planned import sums

MATCHING = r"A: (Paris|\d+)"


def answered(items: int = 3, **values: Any) -> Experiment:
    """Return an experiment with one completed run."""
    experiment = sums(items, **values)
    run = run_of(experiment, score=None, ok_count=items)
    [result_of(run, ordinal, value=0.0) for ordinal in range(items)]
    sum_up(run)
    return experiment


def proposed(experiment: Experiment, *, by: Any = None, **declared: Any) -> ScorerProposal:
    """Return the proposal to judge by a pattern that every answer matches."""
    declaration = {"name": "correct", "kind": "regex", "options": {"pattern": MATCHING}, **declared}
    proposal = change_scorer(experiment=experiment, declaration=ScorerDeclaration(**declaration), by=by)
    assert isinstance(proposal, ScorerProposal)
    proposal.refresh_from_db()
    return proposal
