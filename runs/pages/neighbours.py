"""What stands beside a result: the one before and after it in the list behind it, other candidates, other trials."""

from dataclasses import dataclass

from django.http import HttpRequest, QueryDict
from django.urls import reverse

from runs.models import Result, Run
from runs.models.results import result_id_of
from runs.pages.run_detail import chosen_outcome, results_of
from runs.result_addresses import address_of
from scoring.boards.leaderboard import row_name
from scoring.grid.cells import stored_at
from scoring.grid.queries import Asked
from scoring.grid.search import Place, page_of

ROWS = 20
LONGEST_LIST = 400


@dataclass(frozen=True)
class Neighbour:
    """A result that one can go to."""

    url: str
    """Of its page."""
    link: str = ""
    """What the address becomes when it opens in the drawer of a run; "": `address` goes into the query."""
    address: str = ""
    label: str = ""
    is_current: bool = False


@dataclass(frozen=True)
class Neighbours:
    """What stands beside a result."""

    previous: Neighbour | None
    """None: it is the first of its list."""
    next: Neighbour | None
    query: str
    """Keeps the list behind the result; "" where that is the whole run."""
    row: str
    """The id of its row in the page behind the drawer."""
    candidates: list[Neighbour]
    """The same item of every candidate beside it; [] where the list is of one run."""
    trials: list[Neighbour]
    """The stored trials of the item; [] where the run has one trial."""

    @classmethod
    def build(cls, run: Run, result: Result, request: HttpRequest) -> "Neighbours":
        """Return them as the query asks for: `list` names the items of the grid that it was opened from."""
        listed = _listed(request.GET.get("list", ""))
        position = result.ordinal % max(1, run.case_list.case_count)
        if position not in listed:
            return _in_run(run, result, request)
        return _in_grid(run, result, listed, request)


def _in_run(run: Run, result: Result, request: HttpRequest) -> Neighbours:
    outcome = chosen_outcome(request)
    query = f"?outcome={outcome}" if outcome else ""
    rows = results_of(run, outcome).only("pk")
    before = rows.filter(pk__lt=result.pk).order_by("-pk").first()
    after = rows.filter(pk__gt=result.pk).order_by("pk").first()

    def to(found: Result, label: str = "") -> Neighbour:
        link = f"{query}&result={found.ordinal}" if query else f"?result={found.ordinal}"
        return Neighbour(_url(run, found.ordinal, query), link, label=label, is_current=found.pk == result.pk)

    trials = [to(found, str(found.ordinal // run.case_list.case_count)) for found in _trials(run, result)]
    row = f"result-{result.ordinal}"
    return Neighbours(to(before) if before else None, to(after) if after else None, query, row, [], trials)


def _in_grid(run: Run, result: Result, listed: list[int], request: HttpRequest) -> Neighbours:
    asked = Asked.of(run.experiment, request.GET)
    kept = request.GET.copy()
    kept.pop("result", None)
    position = result.ordinal % run.case_list.case_count
    walk = _Walk(asked, run, kept)
    at = listed.index(position)
    here = stored_at(asked.everything, [position]).get(position, {})
    query = f"?{kept.urlencode()}"
    candidates = [
        _to(other, here[other.pk], query, row_name(other), is_current=other.pk == run.pk)
        for other in asked.runs
        if other.pk in here
    ]
    trials = [
        _to(run, found.ordinal, query, str(found.ordinal // run.case_list.case_count), is_current=found.pk == result.pk)
        for found in _trials(run, result)
    ]
    return Neighbours(
        walk.first_of(listed[:at][::-1], listed) or walk.beyond(Place(before=listed[0])),
        walk.first_of(listed[at + 1 :], listed) or walk.beyond(Place(after=listed[-1])),
        query,
        f"item-{position}",
        candidates,
        trials,
    )


@dataclass(frozen=True)
class _Walk:
    """Goes through the list of items that a grid showed, and at its ends through what the filters leave then."""

    asked: Asked
    run: Run
    kept: QueryDict

    def first_of(self, positions: list[int], listed: list[int]) -> Neighbour | None:
        """Return the first of the positions that has a result, of this run where it has one."""
        stored = stored_at(self.asked.everything, positions) if positions else {}
        for position in positions:
            if ordinals := stored.get(position):
                run = next((one for one in [self.run, *self.asked.runs] if one.pk in ordinals), self.run)
                return _to(run, ordinals[run.pk], self._query(listed))
        return None

    def beyond(self, place: Place) -> Neighbour | None:
        """Return the first result of the page of the grid that begins at a place."""
        found = page_of(self.asked.outputs, self.asked.mode, place, ROWS, self.asked.to_look_for).positions
        return self.first_of(found if place.before is None else found[::-1], found)

    def _query(self, listed: list[int]) -> str:
        query = self.kept.copy()
        query["list"] = ".".join(map(str, listed))
        return f"?{query.urlencode()}"


def _to(run: Run, ordinal: int, query: str, label: str = "", *, is_current: bool = False) -> Neighbour:
    return Neighbour(_url(run, ordinal, query), "", address_of(run, ordinal), label, is_current)


def _url(run: Run, ordinal: int, query: str) -> str:
    return reverse("runs:result-detail", args=[run.uid, ordinal]) + query


def _trials(run: Run, result: Result) -> list[Result]:
    if run.trials < 2:
        return []
    cases = run.case_list.case_count
    ids = [result_id_of(run.pk, trial * cases + result.ordinal % cases) for trial in range(run.trials)]
    return list(Result.objects.filter(pk__in=ids).only("pk").order_by("pk"))


def _listed(text: str) -> list[int]:
    """Return the positions of a list, [] for anything that is none."""
    parts = text.split(".") if len(text) <= LONGEST_LIST else []
    return [int(part) for part in parts] if all(part.isascii() and part.isdecimal() for part in parts) else []
