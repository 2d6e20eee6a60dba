"""What the admin's list of items is narrowed by: only names from datasets that the person sees are offered."""

from typing import Any, cast

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from experiments.item_keys import without_renamed
from experiments.item_search import Stretch
from experiments.models import Dataset, DatasetVersion, Item
from experiments.models.datasets import ItemQuerySet

OFFERED = 200
LONGEST_PLACE = 19
REMOVED = "removed"
KEPT = "evalsite.chosen_dataset"
"""Where a request keeps its dataset, which every filter asks for."""
STRETCH = "evalsite.stretch"
"""Where a request keeps the items that are looked through for its text."""
NONE = "|"
"""Stands for no name at all: no tag holds a bar."""


class DatasetFilter(admin.SimpleListFilter):
    """By dataset: always one, for drafts are edited one by one."""

    title = "dataset"
    parameter_name = "dataset"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:  # noqa: ARG002 - Django's
        """Return the datasets of the person's projects that are not archived, and the one that is chosen."""
        offered = Q(archived_at=None) | Q(pk=chosen(request))
        mine = Dataset.objects.visible_to(request.user).listed().filter(offered).order_by("name")
        return [(str(pk), name) for pk, name in mine.values_list("pk", "name")[:OFFERED]]

    def choices(self, changelist: Any) -> Any:
        """Yield the choices, which leave the narrowing by another dataset's names behind."""
        for pk, name in self.lookup_choices:
            left = ["version", "split", "tag", "from", "p"]
            link = changelist.get_query_string({self.parameter_name: pk}, left)
            yield {"selected": self.value() == pk, "query_string": link, "display": name}

    def has_output(self) -> bool:
        """Be in force always: without a dataset there is no list."""
        return True

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the items of the chosen dataset; none of one that the person does not see."""
        dataset = chosen_dataset(request)
        return queryset.filter(dataset=dataset.pk) if dataset else queryset.none()


class VersionFilter(admin.SimpleListFilter):
    """By version: the draft, unless the removed items or a frozen version are chosen."""

    title = "version"
    parameter_name = "version"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:  # noqa: ARG002 - Django's
        """Return what the draft has no more, and the newest versions of the chosen dataset."""
        versions = DatasetVersion.objects.visible_to(request.user).filter(dataset=chosen(request)).order_by("-number")
        numbers = [str(number) for number in versions.values_list("number", flat=True)[:OFFERED]]
        return [(REMOVED, "removed from the draft"), *((number, f"version {number}") for number in numbers)]

    def choices(self, changelist: Any) -> Any:
        """Yield the choices; none stands for the draft."""
        first, *others = super().choices(changelist)
        yield {**first, "display": "draft"}
        yield from others

    def has_output(self) -> bool:
        """Be in force always: a filter without output would let closed rows through."""
        return True

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002 - Django's
        """Return the rows of the version, those of drafts, or the last ones of items that drafts have no more."""
        rows = cast("ItemQuerySet", queryset)
        if self.value() == REMOVED:
            return without_renamed(rows.removed())
        return rows.in_version(number_of(self.value())) if self.value() else rows.in_draft()


class PlaceFilter(admin.SimpleListFilter):
    """Where looking for a text goes on: a position, led to by the list itself and shown nowhere else."""

    title = "place"
    parameter_name = "from"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:  # noqa: ARG002 - Django's
        """Offer nothing."""
        return []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002 - Django's
        """Leave the rows as they are."""
        return queryset


class NamesFilter(admin.SimpleListFilter):
    """By a name of those that are noted at the chosen dataset, or by having none."""

    noted = ""
    """The dataset's field with the names."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:  # noqa: ARG002 - Django's
        """Return the names, with the one that is asked for though it is not noted, and none."""
        dataset = chosen_dataset(request)
        names = list(getattr(dataset, self.noted)[:OFFERED]) if dataset else []
        asked = request.GET.get(self.parameter_name or "")
        more = [asked] if asked and asked != NONE and asked not in names else []
        return [(name, name) for name in [*names, *more]] + ([(NONE, f"without a {self.title}")] if names else [])

    def has_output(self) -> bool:
        """Be in force when a name is asked for: what is not narrowed would be edited in bulk."""
        return bool(self.lookup_choices) or bool(self.value())


class SplitFilter(NamesFilter):
    """By split."""

    title = "split"
    parameter_name = "split"
    noted = "split_names"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002 - Django's
        """Return the items of the split."""
        value = self.value()
        return queryset.filter(split="" if value == NONE else value) if value else queryset


class TagFilter(NamesFilter):
    """By tag."""

    title = "tag"
    parameter_name = "tag"
    noted = "tag_names"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002 - Django's
        """Return the items that bear the tag."""
        tag = self.value()
        if tag == NONE:
            return queryset.filter(tags="")
        return cast("ItemQuerySet", queryset).tagged([tag]) if tag else queryset


def chosen_dataset(request: HttpRequest) -> Dataset | None:
    """Return the dataset that the list is narrowed to; None: none, or one the person does not see."""
    if KEPT not in request.META:
        mine = Dataset.objects.visible_to(request.user).listed().select_related("project")
        request.META[KEPT] = mine.filter(pk=chosen(request)).first()
    found: Dataset | None = request.META[KEPT]
    return found


def looked_through(request: HttpRequest) -> Stretch | None:
    """Return the items of the chosen dataset that are looked through for a text; None: none is looked for."""
    dataset = chosen_dataset(request)
    if dataset is None or not request.GET.get("q", "").strip():
        return None
    if STRETCH not in request.META:
        rows: ItemQuerySet = Item.objects.filter(dataset=dataset)
        start = place_from(request.GET.get("from", ""))
        request.META[STRETCH] = Stretch.of(rows if request.GET.get("version") else rows.in_draft(), start)
    found: Stretch = request.META[STRETCH]
    return found


def place_from(text: str) -> int | None:
    """Return the position that an address says; None: the beginning."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < LONGEST_PLACE else None


def chosen(request: HttpRequest) -> int:
    """Return the number of the chosen dataset; -1: none."""
    return number_of(request.GET.get("dataset"))


def number_of(text: str | None) -> int:
    """Return the number that a text of an address says; -1, which nothing bears, for what is none."""
    return int(text) if text and len(text) < 10 and text.isascii() and text.isdigit() else -1
