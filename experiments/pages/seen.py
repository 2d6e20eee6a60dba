"""What a form showed, as a mark in it: whoever would save over another person's change is told first."""

from typing import Any

from django.http import QueryDict

from experiments.canonical import digest_of

FIELD = "seen"
OVERTAKEN = (
    "Somebody else changed this after you opened it. What you typed is still here and was not saved: "
    "look in another window at what is saved now; Save puts yours over it."
)


def mark_of(*shown: Any) -> str:
    """Return a mark of what a form shows, any values; equal values have equal marks."""
    return str(digest_of([_plain(value) for value in shown]))[:16]


def is_overtaken(post: QueryDict, *saved: Any) -> bool:
    """Return whether a form was opened on other values than those that are saved; without a mark it was not."""
    return post.get(FIELD, "") not in ("", mark_of(*saved))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value if isinstance(value, str | int | None) else str(value)
