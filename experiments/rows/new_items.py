"""Items to be: what the rows of a file, or the items written in an experiment file, come to."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from experiments.canonical import item_key
from experiments.templating import RESERVED

KEY_LIMIT = 200
SPLIT_LIMIT = 100
TAG_LIMIT = 200


class Misfit(ValueError):
    """Values that make no item; the text is a sentence for people."""


@dataclass(frozen=True, slots=True)
class NewItem:
    """One item that is to be stored."""

    key: str
    """Unique in its dataset, at most 200 characters."""
    input: str | dict[str, Any]
    """Text, or an object of named variables."""
    expected: Any = None
    """A value, a list of accepted values, or None: no expected answer."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    split: str = ""

    @property
    def content(self) -> dict[str, Any]:
        """What the content hash covers, by name."""
        return {
            "key": self.key,
            "input": self.input,
            "expected": self.expected,
            "metadata": self.metadata,
            "tags": list(self.tags),
            "split": self.split,
        }


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is no item."""

    line: int
    """Of the file, from 1: where the row begins."""
    reason: str
    """A sentence for people."""


def new_item(
    *,
    key: Any,
    given: Any,
    expected: Any,
    metadata: Mapping[str, Any],
    tags: Iterable[Any],
    split: Any,
    has_key: bool = True,
) -> NewItem:
    """Return the item of these values; texts where an item has texts. Raises Misfit.

    Without `has_key` the key is a hash of the input. Nothing is expected where the value is None, "" or [].
    """
    content = checked_input(given)
    return NewItem(
        key=_checked_key(key) if has_key else item_key(content),
        input=content,
        expected=None if expected in (None, "", []) else expected,
        metadata=dict(metadata),
        tags=_checked_tags(tags),
        split=_checked_split(split),
    )


def text_of(value: Any) -> str:
    """Return a value of a row as text: texts as they are, null as "", anything else as JSON."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def checked_input(given: Any) -> str | dict[str, Any]:
    """Return an input: text, or an object of which one variable at least is not empty. Raises Misfit."""
    if isinstance(given, list):
        raise Misfit("the input is a list: a text or an object of variables is expected")
    if isinstance(given, Mapping):
        taken = [name for name in given if name in RESERVED]
        if taken:
            raise Misfit(f'the input has a variable "{taken[0]}": templates know something else by this name')
        if not any(text_of(value).strip() for value in given.values()):
            raise Misfit("the input is empty")
        return dict(given)
    text = text_of(given)
    if not text.strip():
        raise Misfit("the input is empty")
    return text


def _checked_key(value: Any) -> str:
    if isinstance(value, dict | list):
        raise Misfit(
            f"the key is {'a list' if isinstance(value, list) else 'an object'}: a text or a number is expected"
        )
    text = text_of(value).strip()
    if not text:
        raise Misfit("the key is empty")
    if len(text) > KEY_LIMIT:
        raise Misfit(f"the key has {len(text)} characters, {KEY_LIMIT} are allowed")
    return text


def _checked_tags(values: Iterable[Any]) -> tuple[str, ...]:
    tags = tuple(dict.fromkeys(tag for tag in (text_of(value).strip() for value in values) if tag))
    piped = [tag for tag in tags if "|" in tag]
    if piped:
        raise Misfit(f'the tag "{piped[0]}" holds a "|"')
    longest = max(map(len, tags), default=0)
    if longest > TAG_LIMIT:
        raise Misfit(f"a tag has {longest} characters, {TAG_LIMIT} are allowed")
    return tags


def _checked_split(value: Any) -> str:
    text = text_of(value).strip()
    if len(text) > SPLIT_LIMIT:
        raise Misfit(f"the split has {len(text)} characters, {SPLIT_LIMIT} are allowed")
    return text
