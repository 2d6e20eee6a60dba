"""The admin for items: a curator's list over drafts, whose bulk actions are those of the site."""

from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from evalsite.project_admin import ProjectAdmin
from experiments.actions import ActionConflict, ActionRefused, start_bulk_edit
from experiments.admin.item_bulk import ACTION, BulkQuestion, editable
from experiments.admin.item_filters import (
    DatasetFilter,
    PlaceFilter,
    SplitFilter,
    TagFilter,
    VersionFilter,
    chosen_dataset,
    looked_through,
    place_from,
)
from experiments.admin.item_list import ItemList, Row
from experiments.item_filters import holds
from experiments.media import without_data
from experiments.models import BulkEdit, BulkKind, BulkStatus, Dataset, Item
from experiments.models.datasets import ItemQuerySet
from experiments.permissions import may, require
from experiments.rows.new_items import text_of
from experiments.wording import counted

CHANGED = "The list has changed meanwhile. These are the items now."


@admin.register(Item)
class ItemAdmin(ProjectAdmin):
    """Items: those of drafts unless a version is chosen."""

    project_path = "dataset__project"
    actions = ["tag", "untag", "move_to_split", "remove", "restore"]
    change_list_template = "admin/experiments/item/change_list.html"
    fields = [
        "dataset",
        "key",
        "whole_input",
        "whole_expected",
        "split",
        "shown_tags",
        "metadata",
        "held",
        "shown_change",
    ]
    list_display = ["key", "shown_input", "shown_expected", "split", "shown_tags", "shown_change"]
    list_filter = [DatasetFilter, VersionFilter, SplitFilter, TagFilter, PlaceFilter]
    list_per_page = 50
    list_select_related = ["dataset__project", "changed_by"]
    ordering = ["position", "id"]
    search_fields = ["key"]  # and more, below
    search_help_text = "Part of a key, an input or what is expected."
    show_facets = admin.ShowFacets.NEVER  # each would count all items
    show_full_result_count = False
    sortable_by = ["key"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the items of the datasets that the person sees, without a join that a count would pay for."""
        mine = Dataset.objects.visible_to(request.user).listed()
        return admin.ModelAdmin.get_queryset(self, request).filter(dataset__in=mine)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Open an item where it is edited, and an earlier state of one where it can be put back."""
        item = self.get_object(request, object_id)
        if isinstance(item, Item):
            return redirect("experiments:item-detail", uid=item.dataset.uid, number=item.pk)
        shown: HttpResponse = super().change_view(request, object_id, form_url, extra_context)
        return shown

    def history_view(
        self,
        request: HttpRequest,
        object_id: str,
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Open the item, whose page has its history: Django's own knows nothing of what was done elsewhere."""
        return self.change_view(request, object_id, extra_context=extra_context)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ItemList]:  # noqa: ARG002 - Django's
        """Return the list that counts no more than it has to."""
        return ItemList

    def get_search_results(
        self,
        request: HttpRequest,
        queryset: QuerySet[Any],
        search_term: str,
    ) -> tuple[QuerySet[Any], bool]:
        """Return the items of a stretch that have the text in their key, their input or what is expected."""
        text, stretch = search_term.replace("\0", "").strip(), looked_through(request)
        if not text or stretch is None:
            return queryset, False
        return stretch.within(cast("ItemQuerySet", queryset)).filter(Q(key__icontains=text) | holds(text)), False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the items of one dataset, the newest where none is chosen, with the ways out and in of it.

        With a bulk edit in the address, ask whether it is meant.
        """
        if request.method != "POST" and ACTION in request.GET:
            return self._question(request)
        dataset = chosen_dataset(request)
        if dataset is None and "dataset" not in request.GET and (newest := newest_dataset(request)):
            return redirect(f"{request.path}?dataset={newest}")
        page: dict[str, Any] = {"chosen": dataset, "title": dataset.name if dataset else "Items"}
        if dataset:
            latest = dataset.bulk_edits.filter(created_by=request.user.pk).select_related("undoes").first()
            may_edit = may(request.user, dataset.project, "edit_dataset")
            page |= {"latest": latest, "may_edit": may_edit, "newest": dataset.versions.first()}
        shown: HttpResponse = super().changelist_view(request, {**(extra_context or {}), **page})
        return shown

    # How they are shown is the business of `item_list.Row`: here are their headings.

    @admin.display(description="input")
    def shown_input(self, item: Item) -> str:
        """Return the beginning of the input."""
        return Row(item).input

    @admin.display(description="input")
    def whole_input(self, item: Item) -> str:
        """Return the input as a text."""
        return without_data(text_of(item.input))

    @admin.display(description="expected")
    def whole_expected(self, item: Item) -> str:
        """Return what is expected as a text."""
        return text_of(item.expected)

    @admin.display(description="held by")
    def held(self, item: Item) -> str:
        """Return which versions hold the row."""
        if item.until is None:
            return f"versions from {item.since} on and the draft"
        last = item.until - 1
        return f"version {last}" if last <= item.since else f"versions {item.since} to {last}"

    @admin.display(description="expected")
    def shown_expected(self, item: Item) -> str:
        """Return the beginning of what is expected."""
        return Row(item).expected

    @admin.display(description="tags")
    def shown_tags(self, item: Item) -> str:
        """Return the tags as people read them."""
        return Row(item).tags

    @admin.display(description="changed")
    def shown_change(self, item: Item) -> str:
        """Return who changed the item last."""
        return Row(item).changer

    @admin.action(description="Tag")
    def tag(self, request: HttpRequest, rows: QuerySet[Item]) -> HttpResponse | None:
        """Give the chosen items a tag."""
        return self._ask(request, rows, BulkKind.TAG)

    @admin.action(description="Untag")
    def untag(self, request: HttpRequest, rows: QuerySet[Item]) -> HttpResponse | None:
        """Take a tag from the chosen items."""
        return self._ask(request, rows, BulkKind.UNTAG)

    @admin.action(description="Move to split")
    def move_to_split(self, request: HttpRequest, rows: QuerySet[Item]) -> HttpResponse | None:
        """Move the chosen items to a split."""
        return self._ask(request, rows, BulkKind.MOVE)

    @admin.action(description="Remove from the draft")
    def remove(self, request: HttpRequest, rows: QuerySet[Item]) -> HttpResponse | None:
        """Take the chosen items out of the draft."""
        return self._ask(request, rows, BulkKind.REMOVE)

    @admin.action(description="Restore")
    def restore(self, request: HttpRequest, rows: QuerySet[Item]) -> HttpResponse | None:
        """Put the chosen items into the draft again."""
        return self._ask(request, rows, BulkKind.RESTORE)

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Any], *args: Any, **kwargs: Any
    ) -> HttpResponse | None:
        """Do what is chosen above the list, unless rows are named by what is no id of an item."""
        if any(place_from(chosen) is None for chosen in request.POST.getlist(ACTION_CHECKBOX_NAME)):
            self.message_user(request, "Tick the items in the list: what was sent names none.", messages.ERROR)
            return None
        done: HttpResponse | None = super().response_action(request, queryset, *args, **kwargs)
        return done

    def _ask(self, request: HttpRequest, rows: QuerySet[Item], kind: BulkKind) -> HttpResponse | None:
        """Lead to the question; once that is answered, edit and say what came of it. A refused one is asked again."""
        items, question = editable(cast("ItemQuerySet", rows), kind), BulkQuestion.posted(request)
        try:
            dataset = self._asked_dataset(request, items)
        except (ActionRefused, PermissionDenied) as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return None
        if request.POST.get("confirmed") != str(items.count()):
            if "confirmed" in request.POST:
                self.message_user(request, CHANGED, messages.WARNING)
            return redirect(question.address(request))
        try:
            value = question.value
            bulk = start_bulk_edit(dataset=dataset, kind=kind, items=items, by=request.user, value=value)
        except (ActionRefused, ActionConflict) as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return redirect(question.address(request))
        return self._said(request, bulk)

    def _question(self, request: HttpRequest) -> HttpResponse:
        """Show what would be edited and ask for the value; lead to the list where nothing can be."""
        question = BulkQuestion.taken_from(request)
        try:
            listed = self.get_changelist_instance(request).get_queryset(request)
            items = question.items(cast("ItemQuerySet", listed))
            self._asked_dataset(request, items)
        except IncorrectLookupParameters:
            return redirect(request.get_full_path())
        except (ActionRefused, PermissionDenied) as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return redirect(request.get_full_path())
        context = question.context(request, items)
        label = dict(self.get_action_choices(request, []))[question.action]
        title = f"{label}: {counted(context['count'], 'item')}"
        page = {**self.admin_site.each_context(request), **context, "title": title, "opts": self.opts}
        return TemplateResponse(request, "admin/experiments/item/confirm_bulk.html", page)

    def _asked_dataset(self, request: HttpRequest, items: ItemQuerySet) -> Dataset:
        """Return the dataset of the items. Raises ActionRefused where there are none, PermissionDenied by role."""
        dataset = chosen_dataset(request)
        if dataset is None or not items.exists():
            raise ActionRefused("items", "None of these items can be changed in this way: choose others.")
        require(request.user, dataset.project, "edit_dataset")
        return dataset

    def _said(self, request: HttpRequest, bulk: BulkEdit) -> HttpResponse | None:
        """Say what came of a bulk edit; lead to the progress of one that a worker does."""
        if bulk.status != BulkStatus.COMPLETED:
            back = urlencode({"back": request.get_full_path()})
            return redirect(f"{reverse('experiments:bulk-edit', args=[bulk.uid])}?{back}")
        unchanged = f"; {bulk.unchanged_count:,} were so already" if bulk.unchanged_count else ""
        self.message_user(request, f"{counted(bulk.edited_count, 'item')} edited{unchanged}.", messages.SUCCESS)
        if bulk.left_count:
            self.message_user(request, f"{bulk.left_count:,} stay as they were. {bulk.left[0]}", messages.WARNING)
        return None


def newest_dataset(request: HttpRequest) -> int | None:
    """Return the id of the dataset that the person saw made last; None: there is none."""
    mine = Dataset.objects.visible_to(request.user).listed().filter(archived_at=None)
    found: int | None = mine.order_by("-pk").values_list("pk", flat=True).first()
    return found
