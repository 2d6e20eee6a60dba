"""Tables as a person sees them: the columns and the density that they chose, the order that the address names."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self, cast

from django.contrib.auth.models import User
from django.db.models import F
from django.http import HttpRequest

from evalsite.addresses import query_with
from experiments.cleaning import clean_text
from experiments.models.table_views import Density, TableView

TABLES = ("experiments", "runs", "outputs", "board")
"""Every table whose columns may be chosen, by the name under which the choice is stored."""
MOST_HIDDEN = 200
LONGEST = 120


@dataclass(frozen=True, slots=True)
class Column:
    """A column that may be left out."""

    name: str
    label: str
    order: str = ""
    """What the rows are sorted by; "": by this column they are not sorted."""
    is_largest_first: bool = True
    """Whether the first click sorts downwards."""
    is_fixed: bool = False
    """Whether it cannot be left out: it says which row this is."""


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column that sorts."""

    url: str
    """Leads to the rows in another order."""
    sort: str
    """ascending, descending, or "": the rows are in another column's order."""


@dataclass(frozen=True)
class ShownTable:
    """One table as this request shows it."""

    name: str
    columns: Sequence[Column]
    shown: frozenset[str]
    """The columns that are shown."""
    density: str
    ordering: str
    """A column's name, "-" before it for downwards; "": the table's own order."""
    request: HttpRequest

    @classmethod
    def build(cls, request: HttpRequest, name: str, columns: Sequence[Column], ordering: str = "") -> Self:
        """Return the table as the address asks (`columns`, `density`, `ordering`), else as the person left it."""
        view, asked = TableView.of(cast("User", request.user), name), request.GET
        names = frozenset(column.name for column in columns)
        shown = names.intersection(asked["columns"].split(",")) if "columns" in asked else names.difference(view.hidden)
        density = asked.get("density", "")
        wanted = asked.get("ordering", "")
        sortable = {column.name for column in columns if column.order}
        return cls(
            name,
            columns,
            shown,
            density if density in Density.values else view.density,
            wanted if wanted.removeprefix("-") in sortable else ordering,
            request,
        )

    @cached_property
    def shows(self) -> dict[str, bool]:
        """Whether each column is shown, by its name."""
        return {column.name: column.name in self.shown for column in self.columns}

    @property
    def choices(self) -> list[tuple[Column, bool]]:
        """Every column that may be left out, and whether it is shown."""
        return [(column, column.name in self.shown) for column in self.columns if not column.is_fixed]

    @property
    def densities(self) -> Sequence[str]:
        """The densities that there are."""
        return Density.values

    @cached_property
    def heads(self) -> dict[str, Head]:
        """The heads of the columns that sort, by name."""
        return {column.name: self._head(column) for column in self.columns if column.order}

    @property
    def own_order_url(self) -> str:
        """Leads to the rows in the table's own order."""
        return query_with(self.request, ordering=None, offset=None)

    def sorted(self, rows: Any) -> Any:
        """Return a queryset in the order that is asked for; rows without a value come last."""
        orders = {column.name: column.order for column in self.columns}
        key = F(orders[self.ordering.removeprefix("-")])
        if self.ordering.startswith("-"):
            return rows.order_by(key.desc(nulls_last=True), "-pk")
        return rows.order_by(key.asc(nulls_last=True), "pk")

    def _head(self, column: Column) -> Head:
        is_down = self.ordering == f"-{column.name}"
        is_sorted = is_down or self.ordering == column.name
        goes_down = not is_down if is_sorted else column.is_largest_first
        ordering = f"-{column.name}" if goes_down else column.name
        sort = "descending" if is_down else "ascending"
        return Head(query_with(self.request, ordering=ordering, offset=None), sort if is_sorted else "")


def remember(user: User, table: str, *, every: Sequence[str], shown: Sequence[str], density: str) -> None:
    """Store which of these columns a person wants; what was chosen of other columns stays."""
    view = TableView.of(user, table)
    kept = set(view.hidden).difference(every)
    hidden = [clean_text(name) for name in {*kept, *every}.difference(shown) if len(name) <= LONGEST]
    view.remember(hidden=hidden[:MOST_HIDDEN], density=density if density in Density.values else view.density)
