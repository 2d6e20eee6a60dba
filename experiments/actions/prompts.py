"""Saving prompts: the same text is the same version."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Max

from experiments.actions.refusals import ActionRefused, checked_name
from experiments.canonical import digest_of
from experiments.media_store import media_apart
from experiments.models import Project, Prompt, PromptVersion
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
    prompt = Prompt.objects.select_for_update().get(pk=made.pk)
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
