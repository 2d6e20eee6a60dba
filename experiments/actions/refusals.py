"""Why an action was not done, in a sentence for people."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction

NAME_LENGTH = 200


class ActionRefused(ValueError):
    """What was asked for does not fit; `field` names what to change."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class ActionConflict(Exception):
    """What was asked for does not fit the state that things are in."""


class StaleEdit(ActionConflict):
    """Somebody else changed the same thing since it was read."""


@contextmanager
def refused_when_taken(sentence: str, field: str = "name") -> Iterator[None]:
    """Turn the breach of a unique constraint within the block into ActionRefused with this sentence."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise ActionRefused(field, sentence) from error


def checked_name(name: str, what: str, limit: int = NAME_LENGTH) -> str:
    """Return a name without spaces around it. Raises ActionRefused for an empty or an overlong one."""
    stripped = name.strip()
    if not stripped:
        raise ActionRefused("name", f"{what} needs a name")
    if len(stripped) > limit:
        raise ActionRefused("name", f"the name has {len(stripped)} characters; {limit} are allowed")
    return stripped
