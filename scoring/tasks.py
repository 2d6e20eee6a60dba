"""What the queue runs for scoring. Every task is safe to run twice or never."""

from contextlib import suppress

from experiments.actions import ActionConflict
from experiments.models import Experiment, Project
from scoring import deleting
from scoring.changing import proposing
from scoring.changing.rescoring import bring_up_to_date
from scoring.changing.reweighing import sum_up_all
from scoring.models import ScorerProposal


def stand_anew(experiment_id: int) -> None:
    """Read the scores of an experiment whose weights or policy were changed, and sum up its runs."""
    experiment = Experiment.objects.filter(pk=experiment_id).first()
    if experiment is not None:
        sum_up_all(experiment)


def catch_up(experiment_id: int) -> None:
    """Judge what lacks a verdict of the scorers in force, and sum up."""
    experiment = Experiment.objects.filter(pk=experiment_id).first()
    if experiment is not None:
        bring_up_to_date(experiment)


def judge_proposal(proposal_id: int) -> None:
    """Judge what is stored by a scorer that is proposed."""
    proposal = ScorerProposal.objects.select_related("revision__scorer").filter(pk=proposal_id).first()
    if proposal is not None:
        proposing.judge_proposal(proposal)


def forget_draft(scorer_id: int, number: int) -> None:
    """Take out the verdicts of a draft that was discarded."""
    proposing.forget_draft(scorer_id, number)


def delete_project(project_id: int) -> None:
    """Delete a project that its owner wants gone; where something was started meanwhile it stays, archived."""
    project = Project.objects.filter(pk=project_id).first()
    if project is not None:
        with suppress(ActionConflict):
            deleting.delete_rows(project)


def delete_experiment(experiment_id: int) -> None:
    """Delete an experiment that its owner wants gone; where something was started meanwhile it stays, archived."""
    experiment = Experiment.objects.filter(pk=experiment_id).first()
    if experiment is not None:
        with suppress(ActionConflict):
            deleting.delete_experiment_rows(experiment)
