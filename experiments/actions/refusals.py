"""Why an action was not done, in a sentence for people."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from unicodedata import category

from django.db import IntegrityError, transaction

NAME_LENGTH = 200
NAMES_SHOWN = 5
CONTROLS = ("Cc", "Zl", "Zp")
"""Categories of Unicode that would break a line of a log or of a terminal; what joins emoji is in none of them."""


class ActionRefused(ValueError):
    """What was asked for does not fit; `field` names what to change."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class ActionConflict(Exception):
    """What was asked for does not fit the state that things are in."""


class StaleEdit(ActionConflict):
    """Somebody else changed the same thing since it was read."""


def refuse_while_used(thing: object, users: Sequence[object]) -> None:
    """Raise ActionConflict naming what uses a thing that is to be deleted; none: it may go."""
    if users:
        names = ", ".join(str(user) for user in users[:NAMES_SHOWN])
        more = f" and {len(users) - NAMES_SHOWN} more" if len(users) > NAMES_SHOWN else ""
        raise ActionConflict(f"{thing} is used by {names}{more}: delete those first, or archive it.")


@contextmanager
def refused_when_taken(sentence: str, field: str = "name") -> Iterator[None]:
    """Turn the breach of a unique constraint within the block into ActionRefused with this sentence."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise ActionRefused(field, sentence) from error


def checked_name(name: str, what: str, limit: int = NAME_LENGTH) -> str:
    """Return a name without spaces around it. Raises ActionRefused for one that is empty, overlong or not one line."""
    stripped = name.strip()
    if not stripped:
        raise ActionRefused("name", f"{what} needs a name")
    if len(stripped) > limit:
        raise ActionRefused("name", f"the name has {len(stripped)} characters; {limit} are allowed")
    if not stripped.isprintable() and any(category(letter) in CONTROLS for letter in stripped):
        raise ActionRefused("name", "a name is one line, without tabs and other control characters")
    return stripped
