"""Drafts of experiments: made, saved by revision, discarded."""

from collections.abc import Mapping
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from experiments.actions.refusals import ActionRefused, StaleEdit
from experiments.blobs import default_store
from experiments.cleaning import clean_text
from experiments.files.declared_form import declared_form
from experiments.files.writing import to_yaml
from experiments.files.yaml_document import SIZE_LIMIT
from experiments.models import Experiment, ExperimentDraft, Project
from experiments.models.projects import Person
from experiments.permissions import require, user_of

WINDOW_LENGTH = 36
MOST_FILE_BYTES = 20 * 1024 * 1024


def create_draft(
    *,
    project: Project,
    by: Person | None,
    fields: Mapping[str, Any] | None = None,
    document: str = "",
    files: Mapping[str, bytes] | None = None,
) -> ExperimentDraft:
    """Make a draft of fields, or of a document with the files that it names. Raises ActionRefused."""
    require(by, project, "edit_experiment")
    draft: ExperimentDraft = ExperimentDraft.objects.create(
        project=project,
        fields={} if document else dict(fields or {}),
        document=_checked(document),
        files=_stored(files or {}),
        created_by=user_of(by),
        saved_by=user_of(by),
    )
    return draft


def clone_experiment(*, experiment: Experiment, by: Person | None) -> ExperimentDraft:
    """Make a draft of what an experiment declares, under another name. Raises ActionConflict when that is nothing."""
    document = to_yaml(declared_form(experiment, name=f"{experiment.name[:190]} (copy)"))
    return create_draft(project=experiment.project, by=by, document=document)


def save_draft(
    *,
    draft: ExperimentDraft,
    revision: int,
    by: Person | None,
    window: str = "",
    fields: Mapping[str, Any] | None = None,
    document: str = "",
    files: Mapping[str, bytes] | None = None,
) -> ExperimentDraft:
    """Save what was typed over the revision that was read, and return the draft as it is now.

    A `window` that saved last may save again without having read its own revision: it saves while somebody types,
    and once more when a button is pressed. Raises StaleEdit, and nothing is written, when somebody else has saved
    since; ActionRefused for what is too large.
    """
    require(by, draft.project, "edit_experiment")
    values = {
        "fields": {} if document else dict(fields or {}),
        "document": _checked(document),
        "files": {**draft.files, **_stored(files or {})},
        "saved_by": user_of(by),
        "saved_in": window[:WINDOW_LENGTH],
        "saved_at": timezone.now(),
    }
    own = Q(saved_in=window, saved_by=user_of(by)) if window else Q(pk=None)
    same = ExperimentDraft.objects.filter(Q(revision=revision) | own, pk=draft.pk)
    if not same.update(revision=F("revision") + 1, **values):
        raise StaleEdit(_who_saved(draft))
    draft.refresh_from_db()
    return draft


def discard_draft(*, draft: ExperimentDraft, by: Person | None) -> None:
    """Take a draft out; what was tried of it is kept."""
    require(by, draft.project, "edit_experiment")
    draft.delete()


def files_of(draft: ExperimentDraft) -> dict[str, bytes]:
    """Return the files that were sent with a draft's document."""
    found = {}
    for name, blob in draft.files.items():
        with default_store().open(blob) as file:
            found[name] = file.read()
    return found


def _checked(document: str) -> str:
    if len(document.encode(errors="replace")) > SIZE_LIMIT:
        raise ActionRefused("document", "the document is larger than 1 MiB: send items and texts as files of their own")
    return clean_text(document)


def _stored(files: Mapping[str, bytes]) -> dict[str, str]:
    for name, content in files.items():
        if len(content) > MOST_FILE_BYTES:
            limit = MOST_FILE_BYTES // 1024 // 1024
            raise ActionRefused("files", f"{name} is larger than {limit} MiB: import it as a dataset, then name that")
    return {name: default_store().put(content) for name, content in files.items()}


def _who_saved(draft: ExperimentDraft) -> str:
    current = ExperimentDraft.objects.select_related("saved_by").filter(pk=draft.pk).first()
    if current is None:
        return "This draft was started or discarded by somebody else: what you typed is still here, copy it."
    who = current.saved_by.get_username() if current.saved_by else "somebody else"
    at = timezone.localtime(current.saved_at).strftime("%H:%M:%S")
    return f"{who} saved this draft at {at} UTC, after you read it: yours is still here and was not saved."
