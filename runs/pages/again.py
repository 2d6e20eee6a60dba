"""What asking once more came to: shown beside the result that it repeats."""

from dataclasses import dataclass

from django.urls import reverse

from experiments.models import ScorerSpec
from experiments.models.projects import Person
from experiments.permissions import may
from runs.actions import latest_again
from runs.live.streams import are_workers_gone
from runs.models import Result, Run
from runs.models.results import result_id_of
from runs.models.runs import RUNNABLE
from runs.pages.judgements import Judgement, judgements_of, scores_in_force
from runs.pages.transcript import MOST_SHOWN
from runs.transcripts import output_of


@dataclass(frozen=True)
class AgainPart:
    """The newest repetition of a result."""

    original: Run
    ordinal: int
    run: Run | None
    """None: nobody has asked again."""
    result: Result | None
    """None: it is still on its way."""
    judgements: list[Judgement]
    output: str
    can_start: bool
    is_worker_missing: bool

    @classmethod
    def build(cls, original: Run, result: Result, user: Person) -> "AgainPart":
        """Return it as of this moment."""
        run = latest_again(original, result)
        found = _result(run) if run else None
        output = output_of(found) if found else ""
        return cls(
            original,
            result.ordinal,
            run,
            found,
            _judgements(run, found, output) if run and found else [],
            output[:MOST_SHOWN],
            may(user, original.experiment.project, "start"),
            run is not None and found is None and run.status in RUNNABLE and not run.owner and are_workers_gone(),
        )

    @property
    def is_waiting(self) -> bool:
        """Whether an answer is still to come."""
        return self.run is not None and self.result is None and not self.run.is_finished

    @property
    def url(self) -> str:
        """Where this part is."""
        return reverse("runs:result-again", args=[self.original.uid, self.ordinal])


def _result(run: Run) -> Result | None:
    results = Result.objects.select_related("item", "transcript")
    found: Result | None = results.filter(pk=result_id_of(run.pk, 0)).first()
    return found


def _judgements(run: Run, result: Result, output: str) -> list[Judgement]:
    scorers = list(ScorerSpec.objects.filter(experiment=run.experiment_id, removed_at=None))
    return judgements_of(scorers, scores_in_force(run, result, scorers), result.item.expected, output)
