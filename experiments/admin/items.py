"""The admin for items: a curator's list over drafts, whose bulk actions are those of the site."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from evalsite.project_admin import ProjectAdmin
from experiments.actions import ActionRefused
from experiments.actions.bulk_items import (
    BULK_LIMIT,
    BulkOutcome,
    move_items,
    remove_items,
    tag_items,
    untag_items,
)
from experiments.admin.item_filters import DatasetFilter, SplitFilter, TagFilter, VersionFilter, chosen
from experiments.models import Dataset, Item

Act = Callable[[list[Item], str, Any], BulkOutcome]


@admin.register(Item)
class ItemAdmin(ProjectAdmin):
    """Items: those of drafts unless a version is chosen."""

    project_path = "dataset__project"
    actions = ["tag", "untag", "move_to_split", "remove"]
    change_list_template = "admin/experiments/item/change_list.html"
    list_display = ["key", "dataset", "split", "shown_tags", "since", "changed_by", "changed_at"]
    list_filter = [DatasetFilter, VersionFilter, SplitFilter, TagFilter]
    list_per_page = 50
    list_select_related = ["dataset__project", "changed_by"]
    ordering = ["dataset", "position", "id"]
    search_fields = ["key", "input"]
    search_help_text = "Part of a key or of an input."
    show_full_result_count = False
    sortable_by = ["key"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the items of the datasets that the person sees, without a join that a count would pay for."""
        mine = Dataset.objects.visible_to(request.user).listed()
        return admin.ModelAdmin.get_queryset(self, request).filter(dataset__in=mine)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Open an item of a draft where it is edited; show a frozen row as it is."""
        item = self.get_object(request, object_id)
        if isinstance(item, Item) and item.until is None:
            return redirect("experiments:item-detail", uid=item.dataset.uid, number=item.pk)
        shown: HttpResponse = super().change_view(request, object_id, form_url, extra_context)
        return shown

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list, with the ways out and in of the dataset that is chosen."""
        shown: HttpResponse = super().changelist_view(
            request, {**(extra_context or {}), "chosen": chosen_dataset(request)}
        )
        return shown

    @admin.display(description="tags")
    def shown_tags(self, item: Item) -> str:
        """Return the tags as people read them."""
        return ", ".join(item.tag_list)

    @admin.action(description="Tag")
    def tag(self, request: HttpRequest, rows: QuerySet[Item]) -> HttpResponse | None:
        """Give the chosen items a tag."""
        return self._ask(request, rows, "tag", lambda items, value, by: tag_items(items=items, tag=value, by=by))

    @admin.action(description="Untag")
    def untag(self, request: HttpRequest, rows: QuerySet[Item]) -> HttpResponse | None:
        """Take a tag from the chosen items."""
        return self._ask(request, rows, "tag", lambda items, value, by: untag_items(items=items, tag=value, by=by))

    @admin.action(description="Move to split")
    def move_to_split(self, request: HttpRequest, rows: QuerySet[Item]) -> HttpResponse | None:
        """Move the chosen items to a split."""
        return self._ask(request, rows, "split", lambda items, value, by: move_items(items=items, split=value, by=by))

    @admin.action(description="Remove from the draft")
    def remove(self, request: HttpRequest, rows: QuerySet[Item]) -> HttpResponse | None:
        """Take the chosen items out of their drafts."""
        return self._ask(request, rows, "", lambda items, _, by: remove_items(items=items, by=by))

    def _ask(self, request: HttpRequest, rows: QuerySet[Item], asked: str, act: Act) -> HttpResponse | None:
        """Show what would be changed and ask for the value; once that is there, act and say what came of it."""
        items = list(rows.filter(until=None).select_related("dataset__project")[: BULK_LIMIT + 1])
        if "confirmed" not in request.POST and len(items) <= BULK_LIMIT:
            return self._confirmation(request, items, asked)
        try:
            self._say(request, act(items, request.POST.get("value", ""), request.user))
        except (ActionRefused, PermissionDenied) as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
        return None

    def _confirmation(self, request: HttpRequest, items: list[Item], asked: str) -> HttpResponse:
        action = request.POST["action"]
        context = {
            **self.admin_site.each_context(request),
            "title": f"{dict(self.get_action_choices(request, []))[action]}: {len(items):,} items",
            "opts": self.opts,
            "items": items,
            "asked": asked,
            "action": action,
        }
        return TemplateResponse(request, "admin/experiments/item/confirm_bulk.html", context)

    def _say(self, request: HttpRequest, outcome: BulkOutcome) -> None:
        unchanged = f"; {outcome.unchanged:,} were so already" if outcome.unchanged else ""
        self.message_user(request, f"{outcome.changed:,} items changed{unchanged}.", messages.SUCCESS)
        if outcome.left:
            self.message_user(request, f"{len(outcome.left):,} stay as they were. {outcome.left[0]}", messages.WARNING)


def chosen_dataset(request: HttpRequest) -> Dataset | None:
    """Return the dataset that the list is narrowed to; None: none, or one the person does not see."""
    found: Dataset | None = Dataset.objects.visible_to(request.user).listed().filter(pk=chosen(request)).first()
    return found
