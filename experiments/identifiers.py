"""Ids as people and programs write them."""

import uuid


def uid_from(text: str) -> uuid.UUID | None:
    """Return the UUID that a text is; None: it is none."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
