"""Taking the demo out of the site, with all that belongs to it, for good."""

from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction

from evalsite.demo.ratings import PEOPLE
from experiments.actions import ActionConflict, ActionRefused
from experiments.models import CaseList, Project
from experiments.models.projects import Person
from experiments.permissions import require
from runs.models import FailedAttempt, Result, Run, Transcript
from scoring.models import Score


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
    runs = Run.objects.filter(experiment__project=project)
    if runs.active().exists():
        raise ActionConflict("The demo goes on at this moment: wait for its end, or cancel its runs, then remove it.")
    _mark().touch()
    for run in runs:
        _empty(run)
    _delete(project)


def _empty(run: Run) -> None:
    """Delete what hangs on computed ids and no cascade reaches: short transactions, one a table."""
    Score.objects.of_run(run).delete()
    Transcript.objects.of_run(run).delete()
    FailedAttempt.objects.of_run(run).delete()
    Result.objects.of_run(run).delete()


@transaction.atomic
def _delete(project: Project) -> None:
    """Delete runs before the case lists that they protect, those and experiments before datasets and providers."""
    Run.objects.filter(experiment__project=project).delete()
    CaseList.objects.filter(experiment__project=project).delete()
    project.experiments.all().delete()
    project.delete()
    get_user_model().objects.filter(username__in=PEOPLE, is_active=False).delete()


def _mark() -> Path:
    return Path(settings.DATA_DIR) / "demo-removed"
