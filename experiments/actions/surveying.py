"""What a source of rows comes to, held as digests: a large file is read twice and never kept in memory."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from experiments.actions.item_content import stored_content
from experiments.actions.refusals import ActionRefused
from experiments.canonical import ContentDigest, row_digest
from experiments.models import Item
from experiments.models.datasets import split_tags
from experiments.rows.new_items import NewItem

Row = dict[str, Any]
Source = Callable[[], Iterable[NewItem]]
"""Gives the same rows each time it is called."""


@dataclass(frozen=True, slots=True)
class Survey:
    """The rows of a source, as far as a plan needs them."""

    digests: Mapping[str, bytes]
    """What identifies the content of each row, by key, in the order of the rows."""
    content_hash: str
    """Of a version that holds just these rows."""


def survey(rows: Iterable[NewItem], name: str) -> Survey:
    """Read rows to be stored. Raises ActionRefused for none, a key twice, or a row that does not fit."""
    digests: dict[str, bytes] = {}
    whole = ContentDigest()
    for row in rows:
        stored = stored_content(row.content)
        if stored["key"] in digests:
            raise ActionRefused("dataset", f'the key "{stored["key"]}" is there twice in {name}')
        digests[stored["key"]] = whole.add(_hashed(stored))
    if not digests:
        raise ActionRefused("dataset", f"{name} has no items")
    return Survey(digests, whole.hexdigest())


def stored_rows(source: Source) -> Iterator[tuple[Row, bytes]]:
    """Yield each row as it is stored, with its digest."""
    for row in source():
        stored = stored_content(row.content)
        yield stored, row_digest(_hashed(stored))


def digest_of_item(item: Item) -> bytes:
    """Return what identifies the content of a stored item."""
    return row_digest(item.content)


def _hashed(stored: Row) -> Row:
    return {**stored, "tags": list(split_tags(stored["tags"]))}
