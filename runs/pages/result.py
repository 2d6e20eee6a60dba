"""One result: the verdicts, what was asked and answered, and how it came about."""

import json
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import Http404, HttpRequest

from experiments.media import without_data
from experiments.models import ScorerSpec
from experiments.models.projects import Person
from experiments.permissions import may
from runs.models import FailedAttempt, Result, Run, Transcript
from runs.models.results import result_id_of
from runs.pages.run_detail import chosen_outcome, results_of
from runs.pages.transcript import MOST_SHOWN, Said, ToolCall, said_of
from runs.transcripts import messages_of
from scoring.models import CODE, RunScore, Score

PERSON = "person"


@dataclass(frozen=True)
class Judgement:
    """What one scorer, by one author, says of the result."""

    scorer: ScorerSpec
    score: Score | None
    author: str
    """Who gave it; "" for code."""

    @property
    def is_share(self) -> bool:
        """Whether its range is 0 to 1, shown of 100."""
        return (self.scorer.range_low, self.scorer.range_high) == (0.0, 1.0)

    @property
    def has_sides(self) -> bool:
        """Whether something was extracted, to be read beside what was expected."""
        return self.score is not None and self.score.extracted is not None


@dataclass(frozen=True)
class StageTime:
    """One step in the making of the result."""

    name: str
    status: str
    ms: float
    wait_ms: float


@dataclass(frozen=True)
class ResultPage:
    """The page or the drawer of one result."""

    run: Run
    result: Result
    judgements: list[Judgement]
    rated: list[Judgement]
    """The scorers that people give, with this person's own value where there is one."""
    said: list[Said]
    transcript: Transcript | None
    attempts: list[FailedAttempt]
    expected: str
    previous: int | None
    """The ordinal of the result before it under the same filter; None: it is the first."""
    next: int | None
    filter_query: str
    can_rate: bool

    @classmethod
    def build(cls, run: Run, ordinal: int, request: HttpRequest, user: Person) -> "ResultPage":
        """Return the page of one result of a run that this person may see. Raises Http404."""
        result = Result.objects.select_related("item", "transcript").filter(pk=result_id_of(run.pk, ordinal)).first()
        if result is None:
            raise Http404("No result has this ordinal.")
        outcome = chosen_outcome(request)
        neighbours = results_of(run, outcome)
        scorers = list(ScorerSpec.objects.filter(experiment=run.experiment_id, removed_at=None))
        scores = _scores_in_force(run, result, scorers)
        return cls(
            run,
            result,
            _judgements(scorers, scores),
            _rated(scorers, scores, user),
            said_of(messages_of(result)),
            getattr(result, "transcript", None),
            list(FailedAttempt.objects.filter(result_id=result.pk)),
            readable(result.item.expected),
            _ordinal(neighbours.filter(pk__lt=result.pk).order_by("-pk")),
            _ordinal(neighbours.filter(pk__gt=result.pk).order_by("pk")),
            f"?outcome={outcome}" if outcome else "",
            may(user, run.experiment.project, "rate") and not result.is_error,
        )

    @property
    def item_input(self) -> str:
        """The item's input as a person reads it."""
        return without_data(readable(self.result.item.input))

    @property
    def output(self) -> str:
        """The whole text that was answered; "" where nothing was."""
        return self._answer.text if self._answer else ""

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The tools that the answer asks for."""
        return self._answer.tool_calls if self._answer else ()

    @property
    def is_partial(self) -> bool:
        """Whether the output is only what had arrived when it broke off."""
        return self._answer is not None and self._answer.is_partial

    @property
    def _answer(self) -> Said | None:
        answers = [said for said in self.said if said.role == "assistant"]
        return answers[-1] if answers else None

    @property
    def stages(self) -> list[StageTime]:
        """The steps in their order."""
        return [StageTime(*stage) for stage in self.result.stages]

    @property
    def raw_response(self) -> str:
        """The body as it came, where it was kept, cut where it is too long for a page."""
        return ((self.transcript.raw_response if self.transcript else None) or "")[:MOST_SHOWN]


def readable(value: Any) -> str:
    """Return JSON as a person reads it: text as it is, a list of accepted values as its parts, objects indented."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return " or ".join(value)
    return json.dumps(value, ensure_ascii=False, indent=2)


def _scores_in_force(run: Run, result: Result, scorers: list[ScorerSpec]) -> list[Score]:
    revisions = {spec.pk: spec.revision for spec in scorers}
    revisions |= dict(RunScore.objects.filter(run=run).values_list("scorer_id", "revision"))
    scores = Score.objects.filter(result=result, turn=0).order_by("author", "id")
    return [one for one in scores if one.author != CODE or one.revision == revisions.get(one.scorer_id, one.revision)]


def _judgements(scorers: list[ScorerSpec], scores: list[Score]) -> list[Judgement]:
    authors = {score.author for score in scores if score.author != CODE}
    names = dict(get_user_model().objects.filter(pk__in=authors).values_list("pk", "username")) if authors else {}
    found = []
    for scorer in scorers:
        mine = [score for score in scores if score.scorer_id == scorer.pk]
        found += [Judgement(scorer, score, names.get(score.author, "")) for score in mine]
        if not mine and scorer.kind != PERSON:
            found.append(Judgement(scorer, None, ""))
    return found


def _rated(scorers: list[ScorerSpec], scores: list[Score], user: Person) -> list[Judgement]:
    own = {score.scorer_id: score for score in scores if score.author == user.pk}
    return [Judgement(scorer, own.get(scorer.pk), "") for scorer in scorers if scorer.kind == PERSON]


def _ordinal(results: "QuerySet[Result]") -> int | None:
    found = results.first()
    return found.ordinal if found else None
