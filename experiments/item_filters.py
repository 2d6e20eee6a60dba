"""Finding items of a dataset: by key, text, tag and split, those that are there and those that were removed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection
from django.db.models import Q

from experiments.item_search import Stretch
from experiments.models import Dataset, Item
from experiments.models.datasets import ItemQuerySet
from experiments.version_diffs import removed_items


@dataclass(frozen=True)
class ItemFilter:
    """Which items of a dataset are asked for."""

    key: str = ""
    text: str = ""
    """Stands in the input or in what is expected."""
    tag: str = ""
    split: str = ""
    removed: str = ""
    """"1": the items that the draft has no more."""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "ItemFilter":
        """Return what the query asks for."""
        names = cls.__dataclass_fields__
        return cls(**{name: query.get(name, "").replace("\0", "").strip() for name in names})

    @property
    def is_on(self) -> bool:
        """Whether anything is left out."""
        return any((self.key, self.text, self.tag, self.split, self.removed))

    def stretch(self, dataset: Dataset, start: int | None) -> Stretch | None:
        """Return the items that are looked through for the text, from a position on; None: for no text."""
        rows: ItemQuerySet = Item.objects.filter(dataset=dataset)
        return Stretch.of(rows if self.removed else rows.in_draft(), start) if self.text else None

    def found(self, dataset: Dataset) -> ItemQuerySet:
        """Return the items in their order."""
        rows = removed_items(dataset) if self.removed else Item.objects.filter(dataset=dataset).in_draft()
        rows = rows.filter(key__icontains=self.key) if self.key else rows
        rows = rows.tagged([self.tag]) if self.tag else rows
        rows = rows.filter(split=self.split) if self.split else rows
        found: ItemQuerySet = (rows.filter(holds(self.text)) if self.text else rows).order_by("position", "id")
        return found


def holds(text: str) -> Q:
    """Return the condition that this text is in the input or in what is expected, as each database stores JSON."""
    needle = json.dumps(text, ensure_ascii=connection.vendor == "sqlite")[1:-1]
    return Q(input__icontains=needle) | Q(expected__icontains=needle)


def held_item(dataset: Dataset, key: str) -> Item | None:
    """Return the row of the draft with this key; None: there is none."""
    rows = Item.objects.filter(dataset=dataset, key=key).in_draft()
    found: Item | None = rows.select_related("dataset__project", "changed_by").first()
    return found
