"""What differs between two versions of a dataset, a page at a time."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest

from evalsite.addresses import query_with
from experiments.models import DatasetVersion
from experiments.pages.datasets import ROWS, DatasetHead, behind, place_from
from experiments.version_diffs import KINDS, Change, VersionDiff

DRAFT = "draft"


@dataclass(frozen=True)
class Chip:
    """One kind of change, with its count."""

    kind: str
    count: int
    url: str
    is_current: bool


@dataclass(frozen=True)
class VersionDiffPage:
    """The changes of one kind between two states of a dataset."""

    head: DatasetHead
    versions: list[DatasetVersion]
    first: int
    second: str
    """A number, or "draft"."""
    chips: list[Chip]
    changes: list[Change]
    first_query: str
    next_query: str

    @classmethod
    def build(cls, uid: object, request: HttpRequest) -> "VersionDiffPage":
        """Return the page that the query asks for: from, to, show. Raises Http404 for strangers and no such version."""
        head = DatasetHead.build(uid, request.user, "Versions")
        versions = list(head.dataset.versions.all()[:500])
        diff, second = _asked(head, request)
        counts = diff.counts()
        kind = request.GET.get("show", "")
        if kind not in KINDS:
            kind = next((name for name in KINDS if counts[name]), KINDS[0])
        after = place_from(request.GET.get("after", ""))
        shown = list(behind(diff.rows(kind), after)[: ROWS + 1]) if counts[kind] else []
        last = shown[ROWS - 1] if len(shown) > ROWS else None
        chips = [Chip(k, n, query_with(request, show=k, after=None), k == kind) for k, n in counts.items()]
        return cls(
            head,
            versions,
            diff.first,
            second,
            chips,
            diff.changes(kind, shown[:ROWS]),
            query_with(request, after=None) if after else "",
            query_with(request, after=f"{last.position}.{last.pk}") if last else "",
        )


def _asked(head: DatasetHead, request: HttpRequest) -> tuple[VersionDiff, str]:
    """Return the two states that are compared: by default the newest version and the draft. Raises Http404."""
    newest = head.newest.number if head.newest else 0
    second = request.GET.get("to", DRAFT)
    later = head.dataset.draft_number if second == DRAFT else _number(second, newest)
    first = _number(request.GET.get("from", str(later - 1)), newest)
    if first > later:
        first, later, second = later, first, str(first)
    return VersionDiff(head.dataset, first, later), second


def _number(text: str, newest: int) -> int:
    """Return the number of a version, 0 for the empty beginning. Raises Http404 when there is none."""
    if not text.isascii() or not text.isdecimal() or len(text) > 9 or int(text) > newest:
        raise Http404
    return int(text)
