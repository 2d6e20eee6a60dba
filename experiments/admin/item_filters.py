"""What the admin's list of items is narrowed by: only names from datasets that the person sees are offered."""

from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from experiments.models import Dataset, DatasetVersion, Item
from experiments.models.datasets import ItemQuerySet, split_tags

OFFERED = 200
REMOVED = "removed"


class DatasetFilter(admin.SimpleListFilter):
    """By dataset."""

    title = "dataset"
    parameter_name = "dataset"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:  # noqa: ARG002 - Django's
        """Return the datasets of the person's projects."""
        mine = Dataset.objects.visible_to(request.user).listed().order_by("name")
        return [(str(pk), name) for pk, name in mine.values_list("pk", "name")[:OFFERED]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002 - Django's
        """Return the items of the chosen dataset."""
        return queryset.filter(dataset=number_of(self.value())) if self.value() else queryset


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
            return rows.removed()
        return rows.in_version(number_of(self.value())) if self.value() else rows.in_draft()


class SplitFilter(admin.SimpleListFilter):
    """By split."""

    title = "split"
    parameter_name = "split"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:  # noqa: ARG002 - Django's
        """Return the splits of the chosen dataset's draft."""
        return [(name, name) for name in stored(request, "split") if name]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002 - Django's
        """Return the items of the split."""
        return queryset.filter(split=self.value()) if self.value() else queryset


class TagFilter(admin.SimpleListFilter):
    """By tag."""

    title = "tag"
    parameter_name = "tag"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:  # noqa: ARG002 - Django's
        """Return the tags of the chosen dataset's draft."""
        tags = sorted({tag for tags in stored(request, "tags") for tag in split_tags(tags)})
        return [(tag, tag) for tag in tags[:OFFERED]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002 - Django's
        """Return the items that bear the tag."""
        tag = self.value()
        return cast("ItemQuerySet", queryset).tagged([tag]) if tag else queryset


def chosen(request: HttpRequest) -> int:
    """Return the number of the chosen dataset; -1: none."""
    return number_of(request.GET.get("dataset"))


def number_of(text: str | None) -> int:
    """Return the number that a text of an address says; -1, which nothing bears, for what is none."""
    return int(text) if text and len(text) < 10 and text.isascii() and text.isdigit() else -1


def stored(request: HttpRequest, field: str) -> list[str]:
    """Return the different values that the draft of the chosen dataset holds, if the person sees it."""
    rows = Item.objects.visible_to(request.user).filter(dataset=chosen(request)).in_draft()
    return list(rows.order_by(field).values_list(field, flat=True).distinct()[:OFFERED])
