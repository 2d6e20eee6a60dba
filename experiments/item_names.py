"""The names that items give to their variables and metadata, found by the database: the items stay where they are."""

from collections.abc import Iterator

from django.db import connection

from experiments.models import Item
from experiments.models.datasets import ItemQuerySet

AT_ONCE = 500
PARTS = ("input", "metadata")
NAMES = {
    "sqlite": "JOIN json_each(CASE WHEN {is_object} THEN {part} ELSE '[0]' END) AS named",
    "postgresql": "CROSS JOIN LATERAL jsonb_object_keys("
    """CASE WHEN {is_object} THEN {part} ELSE '{{"": 0}}' END) AS named(key)""",
}
IS_OBJECT = {"sqlite": "json_type({part}) = 'object'", "postgresql": "jsonb_typeof({part}) = 'object'"}


def first_of_their_names(items: ItemQuerySet) -> Iterator[Item]:
    """Yield, in the items' order, at least those that are the first with one of the names, or with a plain text."""
    positions = _positions(items)
    for start in range(0, len(positions), AT_ONCE):
        yield from items.filter(position__in=positions[start : start + AT_ONCE])


def _positions(items: ItemQuerySet) -> list[int]:
    """Return where the first item with each name lies, in order."""
    inner, values = items.order_by().values("position", *PARTS).query.sql_with_params()
    query = " UNION ".join(_of_part(part, inner) for part in PARTS)
    with connection.cursor() as cursor:
        cursor.execute(query, [*values, *values])
        return sorted(position for (position,) in cursor.fetchall())


def _of_part(part: str, inner: str) -> str:
    """Return a query for the first position of each name in a part of these items, and of a part without names."""
    is_object = IS_OBJECT[connection.vendor].format(part=part)
    names = NAMES[connection.vendor].format(part=part, is_object=is_object)
    # The texts are ours and Django's; what people wrote comes as values.
    return f"SELECT MIN(position) FROM ({inner}) AS items {names} GROUP BY {is_object}, named.key"  # noqa: S608
