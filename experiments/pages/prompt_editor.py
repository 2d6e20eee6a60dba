"""The part of a form in which a prompt is written, and the prompt shown with a chosen item."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from experiments.cleaning import clean_json, parse_json
from experiments.models import DatasetVersion, Item
from experiments.templating import ROLES, item_context
from experiments.templating.preview import PromptPreview, names_of, preview_of

KEYS_SHOWN = 50


@dataclass(frozen=True)
class PromptEditor:
    """The messages of a prompt as they stand in a form."""

    messages: list[dict[str, Any]]
    problem: str = ""
    """Why they cannot be saved; "": nobody has found anything."""

    roles = ROLES

    @classmethod
    def typed(cls, post: QueryDict) -> "PromptEditor":
        """Return what was typed; an empty message is none, parts are written as JSON.

        Browsers send CR LF, prompts have LF.
        """
        texts = [content.replace("\r\n", "\n") for content in post.getlist("content")]
        pairs = zip(post.getlist("role"), texts, strict=False)
        return cls([{"role": role, "content": _content_in(text)} for role, text in pairs if text.strip()])

    @property
    def rows(self) -> list[Mapping[str, str]]:
        """The messages, and an empty one for the next."""
        typed = [{"role": one["role"], "content": _as_typed(one["content"])} for one in self.messages]
        return [*typed, {"role": "user", "content": ""}]


def _content_in(text: str) -> Any:
    """Return the content that a text stands for: a list of parts where it is one in JSON, else itself."""
    try:
        found = clean_json(parse_json(text.encode())) if text.lstrip().startswith("[") else None
    except ValueError:
        return text
    is_parts = isinstance(found, list) and found and all(isinstance(part, dict) and "type" in part for part in found)
    return found if is_parts else text


def _as_typed(content: str | list[Any]) -> str:
    return content if isinstance(content, str) else json.dumps(content, ensure_ascii=False, indent=2)


@dataclass(frozen=True)
class ItemPreview:
    """A prompt with a chosen item."""

    key: str
    """The item's key, as chosen."""
    keys: list[str]
    """The first keys that there are, for suggestions."""
    preview: PromptPreview
    is_found: bool = True
    names: list[str] = field(default_factory=list)
    """What a template may name of the item."""

    @classmethod
    def of(
        cls, messages: Sequence[Mapping[str, Any]], key: str, keys: list[str], context: Mapping[str, Any]
    ) -> "ItemPreview":
        """Return the prompt with an item of this key and this context."""
        preview = preview_of(messages, context) if messages else PromptPreview()
        return cls(key, keys, preview, names=names_of(context))

    @classmethod
    def build(
        cls,
        messages: Sequence[Mapping[str, Any]],
        version: DatasetVersion | None,
        key: str,
        constants: Mapping[str, Any],
    ) -> "ItemPreview":
        """Return the prompt with the item of this key, the first one for ""."""
        if version is None:
            return cls("", [], PromptPreview())
        keys = list(version.items.values_list("key", flat=True)[:KEYS_SHOWN])
        item = chosen_item(version, key)
        if item is None:
            return cls(key, keys, PromptPreview(), is_found=False)
        context = item_context(item.input, item.metadata, item.tag_list, item.key, constants)
        return cls.of(messages, item.key, keys, context)


def chosen_item(version: DatasetVersion, key: str) -> Item | None:
    """Return the item of this key, the first one for ""; None: there is none."""
    items = version.items
    found: Item | None = items.filter(key=key).first() if key else items.first()
    return found
