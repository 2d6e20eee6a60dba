"""The pages of the kinds of scorers: what each looks at, its options, where it is used, one tried on an answer."""

import json
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import Count
from django.http import HttpRequest, QueryDict

from experiments.actions import ActionRefused
from experiments.models import ScorerSpec
from experiments.models.experiments import ScorerSpecQuerySet
from experiments.models.projects import Person
from experiments.options import Options
from experiments.pages.items import JSON, TEXT, TypedItem
from experiments.pages.scorer_form import PREFIX
from scoring.judging.kinds import JudgedExample, ScorerKind
from scoring.judging.trying import try_scorer
from scoring.scorers.base import Question, Verdict

USES_SHOWN = 100
MOST_MS = 10**12


def uses_of_kinds(user: Person) -> ScorerSpecQuerySet:
    """Return the scorers in force of the experiments that this person sees, archived ones left out."""
    return ScorerSpec.objects.visible_to(user).filter(removed_at=None, experiment__archived_at=None)


@dataclass(frozen=True)
class KindRow:
    """One kind of the list."""

    kind: ScorerKind
    use_count: int
    """In how many experiments of the person it is in force."""


def kind_rows(user: Person) -> list[KindRow]:
    """Return every kind with its uses."""
    counted = uses_of_kinds(user).order_by().values("kind").annotate(uses=Count("experiment", distinct=True))
    uses = dict(counted.values_list("kind", "uses"))
    return [KindRow(kind, uses.get(kind.name, 0)) for kind in ScorerKind.all()]


@dataclass(frozen=True)
class Trial:
    """An answer and what it is judged by, as they stand in the form."""

    options: Options
    item: TypedItem
    answer: str = ""
    latency_ms: str = ""
    cost_usd: str = ""

    @classmethod
    def of(cls, kind: ScorerKind, example: JudgedExample | None) -> "Trial":
        """Return the form with an example in it."""
        if example is None:
            return cls(kind.plugin.Options(prefix=PREFIX), TypedItem())
        shown, expected = example.example, example.example.expected
        item = TypedItem(
            expected=example.expected,
            expected_kind=TEXT if expected is None or isinstance(expected, str) else JSON,
            metadata=example.metadata,
        )
        options = kind.plugin.Options(initial=dict(shown.options), prefix=PREFIX)
        return cls(options, item, shown.text, _shown(shown.latency_ms), _shown(shown.cost_usd))

    @classmethod
    def typed(cls, kind: ScorerKind, post: QueryDict) -> "Trial":
        """Return what was typed."""
        raw = kind.plugin.Options.from_page(post, f"{PREFIX}-")
        options = kind.plugin.Options({f"{PREFIX}-{name}": value for name, value in raw.items()}, prefix=PREFIX)
        answer = post.get("answer", "").replace("\r\n", "\n")
        measured = (post.get(name, "").strip() for name in ("latency_ms", "cost_usd"))
        return cls(options, TypedItem.posted(post), answer, *measured)

    def verdict(self, kind: ScorerKind) -> Verdict:
        """Return what the scorer says; nothing is stored. Raises ActionRefused."""
        item = self.item.content()
        question = Question("", item["input"], item["expected"], item["metadata"], ())
        raw = {name: self.options.data.get(f"{PREFIX}-{name}") for name in self.options.fields}
        latency, cost = _amount("latency_ms", self.latency_ms), _amount("cost_usd", self.cost_usd)
        return try_scorer(
            kind=kind.name,
            options=raw,
            question=question,
            text=self.answer,
            latency_ms=None if latency is None else round(latency),
            cost_usd=cost,
        )


@dataclass(frozen=True)
class TriedAnswer:
    """What came of a trial, as the fragment shows it."""

    problem: str = ""
    verdict: Verdict | None = None
    item: None = None
    wanted_key: str = ""

    @classmethod
    def build(cls, kind: ScorerKind, trial: Trial) -> "TriedAnswer":
        """Return the verdict, or the sentence that says what does not fit."""
        try:
            return cls(verdict=trial.verdict(kind))
        except ActionRefused as refusal:
            return cls(problem=str(refusal))


@dataclass(frozen=True)
class ScorerKindPage:
    """One kind of scorer."""

    kind: ScorerKind
    trial: Trial
    tried: TriedAnswer | None
    """None: nothing was tried yet."""
    uses: list[ScorerSpec]
    use_count: int

    @classmethod
    def build(cls, kind: ScorerKind, request: HttpRequest) -> "ScorerKindPage":
        """Return the page with what was typed, else with the example that the query names, the first without one."""
        is_typed = request.method == "POST"
        number = request.GET.get("example", "1")
        examples = dict(enumerate(kind.examples, start=1))
        chosen = examples.get(int(number) if number.isdecimal() and len(number) < 4 else 1)
        trial = Trial.typed(kind, request.POST) if is_typed else Trial.of(kind, chosen)
        used = uses_of_kinds(request.user).filter(kind=kind.name)
        shown = used.select_related("experiment__project").order_by("-experiment__created_at", "position")
        tried = TriedAnswer.build(kind, trial) if is_typed else None
        return cls(kind, trial, tried, list(shown[:USES_SHOWN]), used.count())


def _shown(value: Any) -> str:
    return "" if value is None else str(value)


def _amount(field: str, text: str) -> Decimal | None:
    """Return a number of at least 0; None for nothing. Raises ActionRefused."""
    if not text:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount <= MOST_MS:
        raise ActionRefused(field, f"{json.dumps(text, ensure_ascii=False)} is no number of at least 0, like 0.004")
    return amount
