"""One item as a person writes it: its parts as texts, what somebody else made of it meanwhile."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.http import Http404

from experiments.actions import ActionRefused
from experiments.cleaning import clean_text
from experiments.item_filters import held_item
from experiments.item_history import ItemEvent, history_of
from experiments.item_keys import present_key
from experiments.json_faults import placed_fault
from experiments.models import Dataset, Item
from experiments.rows.new_items import text_of
from experiments.version_diffs import Difference

TAG_SEPARATOR = "|"
TEXT, JSON = "text", "json"


@dataclass(frozen=True)
class TypedItem:
    """The parts of an item as texts, as they stand in the form."""

    key: str = ""
    input: str = ""
    input_kind: str = TEXT
    """text, or json: an object of variables."""
    expected: str = ""
    expected_kind: str = TEXT
    """text, or json: a number, a list of accepted values."""
    metadata: str = ""
    tags: str = ""
    split: str = ""

    @classmethod
    def of(cls, item: Item) -> "TypedItem":
        """Return the texts of a stored item."""
        return cls(
            key=item.key,
            input=_shown(item.input),
            input_kind=TEXT if isinstance(item.input, str) else JSON,
            expected=_shown(item.expected),
            expected_kind=TEXT if item.expected is None or isinstance(item.expected, str) else JSON,
            metadata=_shown(item.metadata) if item.metadata else "",
            tags=f" {TAG_SEPARATOR} ".join(item.tag_list),
            split=item.split,
        )

    @classmethod
    def posted(cls, data: Mapping[str, Any]) -> "TypedItem":
        """Return what was typed into the form."""
        names = cls.__dataclass_fields__
        texts = {name: clean_text(str(data.get(name, ""))).replace("\r\n", "\n") for name in names}
        return cls(**texts)

    def content(self) -> dict[str, Any]:
        """Return the item's content. Raises ActionRefused naming the part that is no JSON."""
        return {
            "key": self.key.strip(),
            "input": _parsed("input", self.input) if self.input_kind == JSON else self.input,
            "expected": self._expected(),
            "metadata": _parsed("metadata", self.metadata) if self.metadata.strip() else {},
            "tags": [tag.strip() for tag in self.tags.split(TAG_SEPARATOR) if tag.strip()],
            "split": self.split.strip(),
        }

    def _expected(self) -> Any:
        if not self.expected.strip():
            return None
        return _parsed("expected", self.expected) if self.expected_kind == JSON else self.expected


def _shown(value: Any) -> str:
    return text_of(value) if not isinstance(value, dict | list) else json.dumps(value, ensure_ascii=False, indent=2)


def _parsed(part: str, text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refused)
    except json.JSONDecodeError as error:
        wrong = placed_fault(error)
    except RecursionError:
        wrong = "the values are nested too deeply"
    except ValueError as error:
        wrong = str(error)
    raise ActionRefused(part, f'the {part} is no JSON: {wrong}; write it like {{"name": "value"}}')


def _refused(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


@dataclass(frozen=True)
class ItemPage:
    """The form of one item."""

    typed: TypedItem
    item: Item | None = None
    """The row that is edited; None: a new one."""
    theirs: Item | None = None
    """The row as somebody else left it since this one was opened."""
    problem: str = ""
    wrong_part: str = ""
    """The part that the problem is about."""
    seen_at: str = ""
    kinds: tuple[tuple[str, str], ...] = field(default=((TEXT, "text"), (JSON, "JSON")))

    @classmethod
    def build(cls, item: Item | None) -> "ItemPage":
        """Return the form of a stored item, or an empty one."""
        if item is None:
            return cls(TypedItem())
        return cls(TypedItem.of(item), item, seen_at=item.changed_at.isoformat())

    @property
    def their_parts(self) -> list[Difference]:
        """What the row of somebody else holds, each part as people write it."""
        return [Difference.between(part, None, now) for part, now in self.theirs.content.items()] if self.theirs else []

    @property
    def history(self) -> list[ItemEvent]:
        """What happened to the item, newest first; nothing for a new one."""
        return history_of(self.item.dataset, present_key(self.item)) if self.item else []

    def refused(self, typed: TypedItem, refusal: ActionRefused) -> "ItemPage":
        """Return the form with what was typed and what is wrong with it."""
        return replace(self, typed=typed, problem=str(refusal), wrong_part=refusal.field)

    def overtaken(self, typed: TypedItem) -> "ItemPage":
        """Return the form with what was typed beside what somebody else made of the item meanwhile."""
        now = held_item(self.item.dataset, self.item.key) if self.item else None
        if now is None:
            problem = "Somebody else removed this item since you opened it. Yours is below: add it anew to keep it."
            return replace(self, typed=typed, problem=problem, seen_at="", item=None)
        problem = "Somebody else changed this item since you opened it. Theirs is beside yours; Save keeps yours."
        return replace(self, typed=typed, problem=problem, item=now, theirs=now, seen_at=now.changed_at.isoformat())


def row_or_404(dataset: Dataset, number: int) -> Item:
    """Return the item row of this number, of the draft or an earlier state. Raises Http404."""
    found: Item | None = Item.objects.filter(dataset=dataset, pk=number).select_related("dataset__project").first()
    if found is None:
        raise Http404
    return found


def moment(text: str) -> datetime:
    """Return the time at which the editor saw the item. Raises Http404 for what the form never held."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise Http404 from None
