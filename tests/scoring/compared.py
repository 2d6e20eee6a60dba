"""Runs whose items were right or wrong, for tests of comparisons."""

from experiments.actions import edit_item, freeze_dataset, remove_item
from experiments.actions.experiments import declare_scorers
from experiments.declarations import ScorerDeclaration
from experiments.models import Experiment, Item
from runs.models import Run
from tests.factories import ExperimentFactory
from tests.scoring.standings import ended, run_of, score_all

FIRST, SECOND = "1110110111", "1010010101"
"""Answers to ten items: difference 0.30, paired standard error 0.152753, exact p 0.25; 3 better, none worse."""


def scored_run(experiment: Experiment, answers: str) -> Run:
    """Return a completed run whose items were right (1), wrong (0) or not judged (.)."""
    run = run_of(experiment)
    score_all(run, {position: float(answer) for position, answer in enumerate(answers) if answer != "."})
    return ended(run)


def over_next_version(experiment: Experiment, *, edited: str = "", removed: str = "") -> Experiment:
    """Return another experiment over the next version of the dataset, one item of it edited and one removed by key."""
    version = experiment.dataset_version
    assert version is not None
    if edited:
        item = Item.objects.in_draft().get(dataset=version.dataset, key=edited)
        edit_item(item=item, seen_at=item.changed_at, changes={"input": "Another question?"}, by=None)
    if removed:
        item = Item.objects.in_draft().get(dataset=version.dataset, key=removed)
        remove_item(item=item, seen_at=item.changed_at, by=None)
    newest = freeze_dataset(dataset=version.dataset, by=None)
    made = ExperimentFactory(project=experiment.project, dataset_version=newest)
    declare_scorers(experiment=made, declarations=[ScorerDeclaration("correct", "exact_match")], by=None)
    return made
