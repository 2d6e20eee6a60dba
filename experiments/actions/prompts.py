"""Saving prompts: the same text is the same version."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max

from experiments.actions.refusals import ActionRefused, checked_name
from experiments.canonical import digest_of
from experiments.models import Project, Prompt, PromptVersion
from experiments.models.projects import Person
from experiments.permissions import require, user_of
from experiments.templating import TemplateProblem, check_messages


@transaction.atomic
def save_prompt(
    *, project: Project, name: str, messages: str | Sequence[dict[str, Any]], by: Person | None, note: str = ""
) -> PromptVersion:
    """Return the version of the prompt with this text, made if it is new. Raises ActionRefused."""
    require(by, project, "edit_prompt")
    try:
        given = messages if isinstance(messages, str) else list(messages)
        checked = check_messages(given, may_name_blobs=by is None)
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
