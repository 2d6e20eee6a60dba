"""The part of a form in which a prompt is written, and the prompt shown with a chosen item."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from experiments.models import DatasetVersion, Item
from experiments.templating import ROLES, item_context
from experiments.templating.preview import PromptPreview, preview_of

KEYS_SHOWN = 50


@dataclass(frozen=True)
class PromptEditor:
    """The messages of a prompt as they stand in a form."""

    messages: list[dict[str, str]]
    problem: str = ""
    """Why they cannot be saved; "": nobody has found anything."""

    roles = ROLES

    @classmethod
    def typed(cls, post: QueryDict) -> "PromptEditor":
        """Return what was typed; an empty message is none. Browsers send CR LF, prompts have LF."""
        texts = [content.replace("\r\n", "\n") for content in post.getlist("content")]
        pairs = zip(post.getlist("role"), texts, strict=False)
        return cls([{"role": role, "content": text} for role, text in pairs if text.strip()])

    @property
    def rows(self) -> list[Mapping[str, str]]:
        """The messages, and an empty one for the next."""
        return [*self.messages, {"role": "user", "content": ""}]


@dataclass(frozen=True)
class ItemPreview:
    """A prompt with a chosen item."""

    key: str
    """The item's key, as chosen."""
    keys: list[str]
    """The first keys that there are, for suggestions."""
    preview: PromptPreview
    is_found: bool = True

    @classmethod
    def build(
        cls,
        messages: Sequence[Mapping[str, str]],
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
        return cls(item.key, keys, preview_of(messages, context) if messages else PromptPreview())


def chosen_item(version: DatasetVersion, key: str) -> Item | None:
    """Return the item of this key, the first one for ""; None: there is none."""
    items = version.items
    found: Item | None = items.filter(key=key).first() if key else items.first()
    return found
