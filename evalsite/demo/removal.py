"""Taking the demo out of the site, with all that belongs to it, for good."""

from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model

from evalsite.demo.ratings import PEOPLE
from experiments.actions import ActionConflict, ActionRefused
from experiments.models import Project
from experiments.models.projects import Person
from experiments.permissions import require
from scoring.deleting import active_runs, delete_rows


def is_removed() -> bool:
    """Return whether the demo was taken out of this site: it does not come back by itself."""
    return _mark().exists()


def remove_demo(*, project: Project, by: Person | None) -> None:
    """Delete the demo's project, what its runs came to, and the demo people.

    Raises ActionRefused for a project that is no demo, ActionConflict while its runs go on.
    """
    require(by, project, "delete")
    if not project.is_demo:
        raise ActionRefused("project", f"{project} is no demo: only the demo can be removed as a whole.")
    if active_runs(project):
        raise ActionConflict("The demo goes on at this moment: wait for its end, or cancel its runs, then remove it.")
    _mark().touch()
    delete_rows(project)


def note_removal(instance: Project, **_: object) -> None:
    """Note that the demo is gone, whichever way it was deleted, and delete the demo people."""
    if instance.is_demo:
        _mark().touch()
        get_user_model().objects.filter(username__in=PEOPLE, is_active=False).delete()


def _mark() -> Path:
    return Path(settings.DATA_DIR) / "demo-removed"
