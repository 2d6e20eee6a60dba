"""The tags and splits of a dataset, noted at it: lists of 100,000 items offer them without reading an item."""

from collections.abc import Iterable

from django.db import transaction

from experiments.actions.datasets import locked
from experiments.models import Dataset, Item
from experiments.models.datasets import split_tags

NAMES_KEPT = 1000


def note_names(dataset: Dataset) -> None:
    """Note the names that the draft's items bear; those that people gave meanwhile stay."""
    rows = Item.objects.filter(dataset=dataset).in_draft().order_by()
    splits = set(rows.values_list("split", flat=True).distinct())
    tags = {tag for stored in rows.values_list("tags", flat=True).distinct().iterator() for tag in split_tags(stored)}
    with transaction.atomic():
        draft = locked(dataset)
        if draft.draft_edit_count:
            tags.update(draft.tag_names)
            splits.update(draft.split_names)
        Dataset.objects.filter(pk=draft.pk).update(tag_names=kept(tags), split_names=kept(splits))


def with_new_names(draft: Dataset, tags: Iterable[str], splits: Iterable[str]) -> dict[str, list[str]]:
    """Return what is to be noted at the locked draft when its items are given these names; {}: they are known."""
    noted = {}
    if new := set(tags) - set(draft.tag_names):
        noted["tag_names"] = kept({*draft.tag_names, *new})
    if new := set(splits) - {"", *draft.split_names}:
        noted["split_names"] = kept({*draft.split_names, *new})
    return noted


def kept(names: Iterable[str]) -> list[str]:
    """Return names as they are noted: in their order, at most 1,000, without the empty one."""
    return sorted(name for name in names if name)[:NAMES_KEPT]
