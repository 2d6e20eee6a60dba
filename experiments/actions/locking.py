"""Rows that an action is about to change, locked as they are now."""

from typing import TypeVar

from django.db.models import Model
from django.http import Http404

from experiments.actions.refusals import ActionConflict

Row = TypeVar("Row", bound=Model)


class GoneMeanwhile(ActionConflict, Http404):
    """Somebody deleted the thing since it was read: a conflict to whoever tells of conflicts, else a 404."""


def locked_row(thing: Row) -> Row:
    """Return the row of a thing as it is now, locked until the transaction ends. Raises GoneMeanwhile."""
    found: Row | None = type(thing)._default_manager.select_for_update().filter(pk=thing.pk).first()
    if found is None:
        raise GoneMeanwhile(f"{thing} was deleted meanwhile: nothing was changed.")
    return found
