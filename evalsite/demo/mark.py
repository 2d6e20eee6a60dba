"""The mark that the demo was taken out: it does not come back by itself. Every start imports this: it is light."""

from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model

from experiments.models import Project

PEOPLE = {"demo-ada": "Ada", "demo-noor": "Noor"}
"""Names of accounts that nobody can sign in with, and the first names that pages show."""


def is_removed() -> bool:
    """Return whether the demo was taken out of this site: it does not come back by itself."""
    return _mark().exists()


def mark_removed() -> None:
    """Have the demo stay away."""
    _mark().touch()


def note_removal(instance: Project, **_: object) -> None:
    """Note that the demo is gone, whichever way it was deleted, and delete the demo people."""
    if instance.is_demo:
        mark_removed()
        get_user_model().objects.filter(username__in=PEOPLE, is_active=False).delete()


def _mark() -> Path:
    return Path(settings.DATA_DIR) / "demo-removed"
