"""Drafts that are tried and started: the first items as real calls, then the whole experiment."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from django.utils import timezone

from experiments.actions import ActionRefused, declare_experiment
from experiments.actions.drafts import files_of
from experiments.files.draft_form import document_of
from experiments.files.experiment_file import ExperimentFile
from experiments.files.sent_documents import sent_document
from experiments.models import Experiment, ExperimentDraft, Project, Prompt
from experiments.models.projects import Person
from experiments.permissions import require
from runs.actions.starting import start_experiment

TRIED_ITEMS = 3


@contextmanager
def declared(draft: ExperimentDraft) -> Iterator[ExperimentFile]:
    """Read what a draft declares while the block runs. Raises FileProblems with all that is wrong, or ActionRefused."""
    if draft.is_document:
        text, files = draft.document, files_of(draft)
    else:
        text, files = document_of(draft.fields)
    with sent_document(text, files) as file:
        if file.project not in ("default", draft.project.name):
            raise ActionRefused("project", f'the document names the project "{file.project}", this is {draft.project}')
        yield file


def try_draft(*, draft: ExperimentDraft, by: Person | None) -> Experiment:
    """Run the first 3 items for each candidate as real calls, and return the experiment that holds them.

    It is archived from its birth. Equal requests take their answers from it later: what was tried is not paid twice.
    Raises FileProblems or ActionRefused; then nothing was called.
    """
    require(by, draft.project, "start")
    with declared(draft) as file:
        tried = replace(
            file,
            name=f"{file.name[:150]} (tried, {str(draft.uid)[:8]})",
            dataset=replace(file.dataset, item_limit=TRIED_ITEMS),
            trials=1,
            is_reusing=True,
            requirements=[],
        )
        experiment = declare_experiment(file=tried, project=draft.project, by=by).experiment
    _hide(experiment)
    ExperimentDraft.objects.filter(pk=draft.pk).update(tried=experiment)
    start_experiment(experiment=experiment, by=by)
    return experiment


def _hide(tried: Experiment) -> None:
    """Archive what holds a try, with the prompts that were made for it: neither belongs into lists and choices."""
    made = Prompt.objects.filter(project=tried.project, name__startswith=f"{tried.name}/")
    for rows in (Experiment.objects.filter(pk=tried.pk), made):
        rows.filter(archived_at=None).update(archived_at=timezone.now())


def start_draft(*, draft: ExperimentDraft, by: Person | None) -> Experiment:
    """Make the experiment and start it; the draft goes. Raises FileProblems or ActionRefused; then the draft stays."""
    require(by, draft.project, "start")
    with declared(draft) as file:
        experiment = declare_new(file=file, project=draft.project, by=by)
    try:
        start_experiment(experiment=experiment, by=by)
    except ActionRefused:
        experiment.delete()  # it has no runs yet: the draft goes on being the place to mend it
        raise
    draft.delete()
    return experiment


def declare_new(*, file: ExperimentFile, project: Project, by: Person | None) -> Experiment:
    """Make an experiment that is not there yet. Raises ActionRefused when the name is taken."""
    if Experiment.objects.filter(project=project, name=file.name).exists():
        raise ActionRefused("name", f'there is an experiment "{file.name}" in {project} already: choose another name')
    return declare_experiment(file=file, project=project, by=by).experiment
