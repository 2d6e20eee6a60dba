"""Rating: one answer, the questions about it, how far the person is. Nothing here says whose answer it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from evalsite.addresses import query_with
from experiments.media import images_in, without_data
from experiments.models import Experiment, Item, ScorerSpec
from experiments.models.projects import Person
from experiments.pages.head import Tab
from experiments.permissions import may
from experiments.rows.new_items import text_of
from runs.models import Result
from runs.transcripts import output_of
from scoring.models import Score, Showing
from scoring.rating.rateable import Rateable, RatingOrder, RatingProgress
from scoring.rating.scale import Choice, choices_of
from scoring.rating.showings import show_next

MOST_SHOWN = 100_000
ORDER_LABELS = {RatingOrder.RANDOM: "Random", RatingOrder.ITEM: "By item"}
MARKDOWN = "markdown"
"""What the address says under `as` where answers are shown as rendered Markdown; without it they are text."""


@dataclass(frozen=True)
class RatingQuestion:
    """What is asked under one scorer."""

    scorer: ScorerSpec
    instructions: str
    choices: list[Choice]
    chosen: str
    """The numeral that was chosen before, or typed; "": nothing yet."""
    problem: str

    @property
    def field_id(self) -> str:
        """The id of the group on the page."""
        return f"question-{self.scorer.pk}"


@dataclass(frozen=True)
class ShownAnswer:
    """One answer with its item."""

    showing: Showing
    item: Item
    input: str
    expected: str
    output: str

    @property
    def pictures(self) -> list[str]:
        """The images of the item, as data URIs: an address of the run's own would tell whose answer it is."""
        return images_in(self.item.input)


@dataclass(frozen=True)
class RatePage:
    """What is before the person now."""

    experiment: Experiment
    progress: RatingProgress
    order: RatingOrder
    orders: list[Tab]
    looks: list[Tab]
    """As text, as rendered Markdown."""
    is_rendered: bool
    shown: ShownAnswer | None
    """None: nothing waits."""
    questions: list[RatingQuestion]
    comment: str
    comment_problem: str
    can_undo: bool
    can_declare: bool
    """Whether this person may add a scorer that people give."""

    @property
    def action(self) -> str:
        """Where the forms lead."""
        look = f"&as={MARKDOWN}" if self.is_rendered else ""
        return f"{reverse('experiments:experiment-rate', args=[self.experiment.uid])}?order={self.order}{look}"

    @classmethod
    def build(cls, experiment: Experiment, request: HttpRequest, problems: Mapping[str, str] | None = None) -> RatePage:
        """Return what is before this person, with what was typed where something of it does not fit."""
        person, order, is_rendered = request.user, _order_of(request), _is_rendered(request)
        rateable = Rateable.of(experiment)
        showing = show_next(rateable=rateable, order=order, by=person)
        problems = problems or {}
        typed: Mapping[str, Any] = request.POST if problems else {}
        shown = _shown(showing)
        scorers = rateable.scorers_for(shown.item) if shown else []
        return cls(
            experiment,
            rateable.progress_of(person),
            order,
            _orders(request, order),
            _looks(request, is_rendered=is_rendered),
            is_rendered,
            shown,
            [_question(spec, showing, person, typed, problems) for spec in scorers] if showing else [],
            typed.get("comment", showing.comment if showing else ""),
            problems.get("comment", ""),
            _answered(experiment, person),
            not rateable.scorers and may(person, experiment.project, "edit_experiment"),
        )


def value_field(scorer: ScorerSpec) -> str:
    """Return the name of the form's field for one scorer."""
    return f"value-{scorer.name}"


def _order_of(request: HttpRequest) -> RatingOrder:
    wanted = request.GET.get("order", "")
    return RatingOrder(wanted) if wanted in set(RatingOrder) else RatingOrder.RANDOM


def _orders(request: HttpRequest, current: RatingOrder) -> list[Tab]:
    return [Tab(label, query_with(request, order=order), order is current) for order, label in ORDER_LABELS.items()]


def _is_rendered(request: HttpRequest) -> bool:
    """Return whether Markdown was chosen: what a form says goes before the address it was sent to."""
    return request.POST.get("as", request.GET.get("as")) == MARKDOWN


def _looks(request: HttpRequest, *, is_rendered: bool) -> list[Tab]:
    text = Tab("Text", query_with(request, **{"as": None}), not is_rendered)
    return [text, Tab("Markdown", query_with(request, **{"as": MARKDOWN}), is_rendered)]


def _shown(showing: Showing | None) -> ShownAnswer | None:
    if showing is None:
        return None
    result = Result.objects.select_related("item", "transcript").get(pk=showing.result_id)
    item = result.item
    parts = (without_data(text_of(item.input)), text_of(item.expected), output_of(result))
    return ShownAnswer(showing, item, *(part[:MOST_SHOWN] for part in parts))


def _question(
    spec: ScorerSpec, showing: Showing, person: Person, typed: Mapping[str, Any], problems: Mapping[str, str]
) -> RatingQuestion:
    revision = spec.revisions.filter(number=spec.revision).first()
    options = revision.options if revision else {}
    chosen = typed.get(value_field(spec), "") if typed else _chosen_before(spec, showing, person)
    problem = problems.get(spec.name, "")
    return RatingQuestion(spec, options.get("instructions", ""), choices_of(spec, options), chosen, problem)


def _chosen_before(spec: ScorerSpec, showing: Showing, person: Person) -> str:
    """Return what the person gave here, or gave and took back; "": neither."""
    mine = Score.objects.filter(result_id=showing.result_id, scorer=spec, revision=spec.revision, turn=0)
    value = mine.filter(author=person.pk or 0).values_list("value", flat=True).first()
    value = showing.given.get(spec.name) if value is None else value
    return "" if value is None else f"{value:g}"


def _answered(experiment: Experiment, person: Person) -> bool:
    return Showing.objects.filter(experiment=experiment, person_id=person.pk).exclude(answered_at=None).exists()
