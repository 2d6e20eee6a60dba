"""What the bodies of requests refer to, by id or by name: only what the caller may see exists."""

from typing import Any

from django.http import Http404
from rest_framework.exceptions import ValidationError

from experiments.identifiers import uid_from
from experiments.models import DatasetVersion, Experiment, Item, Project
from experiments.models.projects import Person
from experiments.permissions import may


def project_from(user: Person, text: str | None) -> Project:
    """Return the project of this id or name; without one the only project that the caller may edit.

    Raises Http404, or ValidationError when there is a choice.
    """
    visible = Project.objects.visible_to(user)
    if text is not None:
        project: Project = named_or_404(visible, text)
        return project
    mine: list[Project] = [project for project in visible if may(user, project, "edit_experiment")]
    if len(mine) == 1:
        return mine[0]
    names = ", ".join(project.name for project in mine) or "none"
    raise ValidationError({"project": [f"name one of the projects that you may edit: {names}"]})


def version_from(project: Project, text: str) -> DatasetVersion:
    """Return the dataset version of this id, of `name@number`, or the newest of a name. Raises Http404."""
    versions = DatasetVersion.objects.filter(dataset__project=project, dataset__is_hidden=False)
    uid = uid_from(text)
    name, _, number = text.rpartition("@")
    if uid is not None:
        found = versions.filter(uid=uid).first()
    elif name and number.isdecimal() and len(number) < 10:
        found = versions.filter(dataset__name=name, number=int(number)).first()
    else:
        found = versions.filter(dataset__name=text).order_by("-number").first()
    if found is None:
        raise Http404
    version: DatasetVersion = found
    return version


def named_or_404(rows: Any, text: str) -> Any:
    """Return the row of this id, else of this name. Raises Http404."""
    uid = uid_from(text)
    found = (rows.filter(uid=uid).first() if uid else None) or rows.filter(name=text).first()
    if found is None:
        raise Http404
    return found


def item_from(experiment: Experiment, key: str | None) -> Item | None:
    """Return the item of this key, the first one without a key; None: there is no dataset. Raises Http404."""
    version = experiment.dataset_version
    if version is None and key is None:
        return None
    items = version.items if version is not None else Item.objects.none()
    found: Item | None = items.first() if key is None else items.filter(key=key).first()
    if found is None:
        raise Http404
    return found
