"""One result: the verdicts, what was asked and answered, and how it came about."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest

from experiments.media import without_data
from experiments.models import ScorerSpec
from experiments.models.projects import Person
from experiments.permissions import may
from runs.curl import curl_of
from runs.models import FailedAttempt, Result, Run, Transcript
from runs.models.results import result_id_of
from runs.pages.again import AgainPart
from runs.pages.judgements import Judgement, judgements_of, rated_by, readable, scores_in_force
from runs.pages.neighbours import Neighbours
from runs.pages.transcript import MOST_SHOWN, Said, ToolCall, said_of
from runs.pages.waterfall import Bar, waterfall_of
from runs.transcripts import messages_of, output_in


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
    beside: Neighbours
    can_rate: bool
    again: AgainPart
    curl: str | None
    """The call as a shell command, without a key; None: there is none to show."""

    @classmethod
    def build(cls, run: Run, ordinal: int, request: HttpRequest, user: Person) -> "ResultPage":
        """Return the page of one result of a run that this person may see. Raises Http404."""
        result = Result.objects.select_related("item", "transcript").filter(pk=result_id_of(run.pk, ordinal)).first()
        if result is None:
            raise Http404("No result has this ordinal.")
        messages = messages_of(result)
        scorers = list(ScorerSpec.objects.filter(experiment=run.experiment_id, removed_at=None))
        scores = scores_in_force(run, result, scorers)
        return cls(
            run,
            result,
            judgements_of(scorers, scores, result.item.expected, output_in(messages)),
            rated_by(scorers, scores, user),
            said_of(messages),
            getattr(result, "transcript", None),
            list(FailedAttempt.objects.filter(result_id=result.pk)),
            readable(result.item.expected),
            Neighbours.build(run, result, request),
            may(user, run.experiment.project, "rate") and not result.is_error,
            AgainPart.build(run, result, user),
            curl_of(run, result, messages),
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
    def stages(self) -> list[Bar]:
        """The steps in their order."""
        return waterfall_of(self.result.stages)

    @property
    def raw_response(self) -> str:
        """The body as it came, where it was kept, cut where it is too long for a page."""
        return ((self.transcript.raw_response if self.transcript else None) or "")[:MOST_SHOWN]
