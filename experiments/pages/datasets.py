"""The pages about datasets: the list, the items of the draft, the versions."""

from dataclasses import dataclass

from django.db.models import OuterRef, Q, Subquery
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse

from evalsite.addresses import query_with
from experiments.chosen_projects import ChosenProjects
from experiments.item_filters import ItemFilter
from experiments.item_search import LOOKED
from experiments.media import without_data
from experiments.models import Dataset, DatasetVersion, Item
from experiments.models.datasets import ItemQuerySet
from experiments.models.projects import Person
from experiments.pages.endings import ArchivedChoice
from experiments.pages.head import Tab
from experiments.permissions import may
from experiments.rows.new_items import text_of

ROWS = 50
LONGEST_PLACE = 19


@dataclass(frozen=True)
class DatasetListPage:
    """The datasets of a person's projects, each with the number and size of its newest version."""

    rows: list[Dataset]
    archived: ArchivedChoice

    @classmethod
    def build(cls, request: HttpRequest) -> "DatasetListPage":
        """Return them by project and name."""
        user = request.user
        projects = ChosenProjects.of(user, request.COOKIES).ids
        newest = DatasetVersion.objects.filter(dataset=OuterRef("pk")).order_by("-number")
        mine = Dataset.objects.visible_to(user).listed().filter(project__in=projects)
        archived = ArchivedChoice.of(request, mine)
        annotated = (
            archived.chosen(mine)
            .select_related("project")
            .annotate(
                number=Subquery(newest.values("number")[:1]),
                item_count=Subquery(newest.values("item_count")[:1]),
                frozen_at=Subquery(newest.values("frozen_at")[:1]),
            )
        )
        return cls(list(annotated.order_by("project__name", "name")), archived)


@dataclass(frozen=True)
class DatasetHead:
    """What the tabs of a dataset share."""

    dataset: Dataset
    newest: DatasetVersion | None
    """None: nothing is frozen yet."""
    tabs: list[Tab]
    can_edit: bool
    """Whether this person may change its items."""

    @property
    def exports(self) -> list[dict[str, str]]:
        """The files that its newest version may be had as."""
        address = reverse("experiments:dataset-export", args=[self.dataset.uid])
        kinds = {"JSON Lines": "jsonl", "CSV": "csv", "CSV for spreadsheets": "csv&for=spreadsheets"}
        return [{"label": label, "url": f"{address}?format={kind}"} for label, kind in kinds.items()]

    @classmethod
    def build(cls, uid: object, user: Person, current: str) -> "DatasetHead":
        """Return the head of one tab. Raises Http404 for strangers."""
        dataset = get_object_or_404(Dataset.objects.visible_to(user).listed().select_related("project"), uid=uid)
        names = {
            "Items": "experiments:dataset-items",
            "Versions": "experiments:dataset-versions",
            "History": "experiments:dataset-history",
            "Experiments": "experiments:dataset-experiments",
            "Settings": "experiments:dataset-settings",
        }
        tabs = [Tab(label, reverse(name, args=[dataset.uid]), label == current) for label, name in names.items()]
        return cls(dataset, dataset.versions.first(), tabs, may(user, dataset.project, "edit_dataset"))


@dataclass(frozen=True)
class ItemRow:
    """One item of the list; values that are no texts are shown as JSON."""

    item: Item

    @property
    def input_text(self) -> str:
        """The input as text."""
        return without_data(text_of(self.item.input))

    @property
    def expected_text(self) -> str:
        """What is expected as text; "": nothing."""
        return text_of(self.item.expected)


@dataclass(frozen=True)
class DatasetItemsPage:
    """Items of the draft in their order, those that the search leaves."""

    head: DatasetHead
    rows: list[ItemRow]
    total: int
    """How many the search leaves; of a text, among the items that were looked through."""
    looked: int
    """So many items were looked through for the text, and there are more; 0: all were."""
    filter: ItemFilter
    first_query: str
    """Leads to the beginning; "": this is the beginning."""
    next_query: str
    """Leads on; "": this is the end."""

    @classmethod
    def build(cls, uid: object, request: HttpRequest) -> "DatasetItemsPage":
        """Return the page that the query asks for. Raises Http404 for strangers."""
        head = DatasetHead.build(uid, request.user, "Items")
        asked = ItemFilter.of(request.GET)
        after = place_from(request.GET.get("after", ""))
        stretch = asked.stretch(head.dataset, after[0] if after else None)
        found = asked.found(head.dataset) if stretch is None else stretch.within(asked.found(head.dataset))
        shown = list(behind(found, after)[: ROWS + 1])
        last = shown[ROWS - 1] if len(shown) > ROWS else None
        place = f"{last.position}.{last.pk}" if last else ""
        if stretch and stretch.next_start is not None:
            place = place or f"{stretch.next_start}.0"
        return cls(
            head,
            [ItemRow(item) for item in shown[:ROWS]],
            len(shown) if after is None and len(shown) <= ROWS else found.count(),
            0 if stretch is None or stretch.is_whole else LOOKED,
            asked,
            query_with(request, after=None) if after else "",
            query_with(request, after=place) if place else "",
        )


def behind(items: ItemQuerySet, after: tuple[int, int] | None) -> ItemQuerySet:
    """Return the items behind a place; None: all."""
    if after is None:
        return items
    position, pk = after
    return items.filter(Q(position__gt=position) | Q(position=position, pk__gt=pk))


def place_from(text: str) -> tuple[int, int] | None:
    """Return position and id of the last item that was shown; None for the beginning and for anything else."""
    parts = text.split(".")
    if len(parts) != 2 or not all(part.isascii() and part.isdecimal() for part in parts):
        return None
    return (int(parts[0]), int(parts[1])) if len(max(parts, key=len)) < LONGEST_PLACE else None
