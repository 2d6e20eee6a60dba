"""The accepted values of an item as texts."""

import json
from typing import Any


def accepted_texts(expected: Any) -> list[str]:
    """Return every accepted value as text, any of which is right; [] where none says anything.

    None and blank texts say nothing: an empty answer could not be told from no answer.
    """
    if isinstance(expected, str):
        return [expected] if expected.strip() else []
    values = expected if isinstance(expected, list | tuple) else [expected]
    return [text for value in values if value is not None and (text := as_text(value)).strip()]


def as_text(value: Any) -> str:
    """Return a text as it is, a whole number without a point, anything else as JSON writes it."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
