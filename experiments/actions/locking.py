"""Rows that an action is about to change, locked as they are now."""

from typing import TypeVar

from django.db.models import Model
from django.http import Http404

from experiments.actions.refusals import ActionConflict

Row = TypeVar("Row", bound=Model)


class GoneMeanwhile(ActionConflict, Http404):
    """Somebody deleted the thing since it was read: a conflict to whoever tells of conflicts, else a 404."""


def locked_row(thing: Row, *, to_delete: bool = False) -> Row:
    """Return the row of a thing as it is now, locked until the transaction ends. Raises GoneMeanwhile.

    `to_delete`: nothing that points at it is stored meanwhile either.
    """
    rows = type(thing)._default_manager.select_for_update(no_key=not to_delete)
    found: Row | None = rows.filter(pk=thing.pk).first()
    if found is None:
        raise GoneMeanwhile(f"{thing} was deleted meanwhile: nothing was changed.")
    return found
