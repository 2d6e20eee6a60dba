"""Saving prompts: the same text is the same version."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Max

from experiments.actions.locking import locked_row
from experiments.actions.refusals import ActionRefused, checked_name, refuse_while_used, refused_when_taken
from experiments.canonical import digest_of
from experiments.media_store import media_apart
from experiments.models import Experiment, Project, Prompt, PromptVersion
from experiments.models.experiments import ExperimentQuerySet
from experiments.models.projects import Person
from experiments.permissions import require, user_of
from experiments.templating import TemplateProblem, blobs_in, check_messages


@transaction.atomic
def save_prompt(
    *, project: Project, name: str, messages: str | Sequence[dict[str, Any]], by: Person | None, note: str = ""
) -> PromptVersion:
    """Return the version of the prompt with this text, made if it is new. Raises ActionRefused."""
    require(by, project, "edit_prompt")
    try:
        given = messages if isinstance(messages, str) else list(messages)
        known = None if by is None else partial(_blobs_of, project)
        checked = media_apart(check_messages(given, known_blobs=known), "content")
    except TemplateProblem as problem:
        raise ActionRefused("prompt", str(problem)) from problem
    made, _ = Prompt.objects.get_or_create(project=project, name=checked_name(name, "a prompt"))
    prompt = locked_row(made)
    digest = digest_of(checked)
    found: PromptVersion | None = prompt.versions.filter(content_hash=digest).first()
    if found is not None:
        return found
    last = prompt.versions.aggregate(last=Max("number"))["last"] or 0
    version: PromptVersion = PromptVersion.objects.create(
        prompt=prompt, number=last + 1, messages=checked, content_hash=digest, note=note, created_by=user_of(by)
    )
    return version


def _blobs_of(project: Project) -> set[str]:
    """Return the blobs that the project's prompts name: its members see them already."""
    versions = PromptVersion.objects.filter(prompt__project=project).values_list("messages", flat=True)
    return {name for messages in versions.iterator() for name in blobs_in(messages)}


@transaction.atomic
def create_prompt(
    *, project: Project, name: str, messages: str | Sequence[dict[str, Any]], by: Person | None, note: str = ""
) -> PromptVersion:
    """Make a prompt and return its first version. Raises ActionRefused, also when there is one of this name."""
    require(by, project, "edit_prompt")
    if Prompt.objects.filter(project=project, name=name.strip()).exists():
        raise ActionRefused("name", f'there is a prompt "{name.strip()}" in {project} already: save a version of it')
    return save_prompt(project=project, name=name, messages=messages, by=by, note=note)


def experiments_with_prompt(prompt: Prompt) -> list[Experiment]:
    """Return the experiments with a candidate that has a version of the prompt, taken out or not, by name."""
    return list(using_prompt(prompt))


def using_prompt(prompt: Prompt) -> ExperimentQuerySet:
    """Return the experiments with a candidate that has a version of the prompt, taken out or not, by name."""
    used = Experiment.objects.filter(candidates__prompt_version__prompt=prompt)
    found: ExperimentQuerySet = used.order_by("name").distinct()
    return found


@transaction.atomic
def delete_prompt(*, prompt: Prompt, by: Person | None) -> None:
    """Delete a prompt with its versions. Raises ActionConflict naming the experiments that use it."""
    require(by, prompt.project, "delete")
    locked = locked_row(prompt, to_delete=True)
    refuse_while_used(locked, experiments_with_prompt(locked))
    locked.delete()


@transaction.atomic
def rename_prompt(*, prompt: Prompt, name: str, by: Person | None) -> Prompt:
    """Give a prompt another name; what used it goes on using it. Raises ActionRefused when it is taken or no name."""
    require(by, prompt.project, "edit_prompt")
    renamed = locked_row(prompt)
    renamed.name = checked_name(name, "a prompt")
    with refused_when_taken(f'there is a prompt "{renamed.name}" in {prompt.project} already'):
        renamed.save(update_fields=["name"])
    return renamed
