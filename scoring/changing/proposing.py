"""Proposals: a scorer with other options, tried on what is stored and kept only once somebody has seen the flips.

The verdicts are written under a revision that is not in force, where no board reads them. Keeping it switches the
revision in one UPDATE and judges nothing again; discarding it takes them out.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import F

from evalsite.plugins import scorers as registry
from experiments.actions.refusals import ActionConflict
from experiments.actions.scorers import ScorerDraft, declare_scorer, draft_scorer, put_in_force
from experiments.conditions import Condition
from experiments.declarations import ScorerDeclaration
from experiments.models import Experiment, ScorerSpec
from experiments.models.projects import Person
from experiments.permissions import require, user_of
from runs.actions.due import do_later
from runs.models import Result, Run
from scoring.changing.catching_up import RESULTS_AT_ONCE, answered_count, catch_up
from scoring.changing.rescoring import Chunk, judged_chunks, write_verdicts
from scoring.judging.judges import PreparedScorer
from scoring.models import CODE, Score, ScorerProposal
from scoring.scorers.base import Place, Verdict

JUDGED_AT_ONCE = 100
AT_ONCE_S = 1.0
EXAMPLES = 200
ROWS_AT_ONCE = 1000


def change_scorer(
    *, experiment: Experiment, declaration: ScorerDeclaration, by: Person | None
) -> ScorerSpec | ScorerProposal:
    """Return the scorer, changed, where no verdict of code can flip; else the proposal that shows what would flip.

    The first second of judging is done here, the rest by a job. A former proposal of the same person for the same
    scorer is discarded. Raises ActionRefused naming what does not fit.
    """
    proposal = None if _is_given_by_people(declaration.kind) else _propose(experiment, declaration, by)
    if proposal is None:
        return save_scorer(experiment=experiment, declaration=declaration, by=by)
    transaction.on_commit(lambda: go_on_judging(proposal))
    return proposal


def save_scorer(*, experiment: Experiment, declaration: ScorerDeclaration, by: Person | None) -> ScorerSpec:
    """Make or change a scorer at once, have stored outputs judged by it, and return it. Raises ActionRefused."""
    spec, _ = declare_scorer(experiment=experiment, declaration=declaration, by=by)
    catch_up(experiment)
    return spec


def go_on_judging(proposal: ScorerProposal) -> None:
    """Judge for a second, and leave what is left to a job."""
    until = time.monotonic() + AT_ONCE_S
    if not judge_proposal(proposal, is_over=lambda: time.monotonic() > until):
        do_later("scoring.tasks.judge_proposal", proposal.pk)


def judge_proposal(proposal: ScorerProposal, *, is_over: Callable[[], bool] = lambda: False) -> bool:
    """Judge what is stored by the draft, from where it was left; False: not all of it. Safe to call at any time."""
    if not proposal.take():
        return proposal.is_done
    prepared = _prepared(proposal)
    for run in Run.objects.filter(experiment=proposal.scorer.experiment_id).order_by("pk"):
        for chunk, verdicts in judged_chunks(run, prepared, JUDGED_AT_ONCE):
            if not _store(proposal, run, prepared, chunk, verdicts) or is_over():
                return False
    return proposal.hold(is_done=True)


def keep_proposal(*, proposal: ScorerProposal, by: Person | None) -> ScorerSpec:
    """Let the draft be in force, and boards follow.

    Raises ActionConflict while it is judged, StaleEdit when the scorer was changed since.
    """
    require(by, proposal.scorer.experiment.project, "edit_experiment")
    if not proposal.is_done:
        raise ActionConflict("Not every stored output is judged yet: wait until all are, then keep it.")
    with transaction.atomic():
        draft = ScorerDraft(proposal.revision, proposal.values, proposal.in_force)
        spec = put_in_force(draft=draft, by=by)
        proposal.delete()
    catch_up(spec.experiment)
    return spec


def discard_proposal(*, proposal: ScorerProposal, by: Person | None) -> None:
    """Take a proposal and its verdicts out; the scorer is as it was."""
    experiment = proposal.scorer.experiment
    require(by, experiment.project, "edit_experiment")
    scorer_id, number = proposal.revision.scorer_id, proposal.revision.number
    with transaction.atomic():
        proposal.delete()
    if proposal.done_count > RESULTS_AT_ONCE:
        do_later("scoring.tasks.forget_draft", scorer_id, number)
    else:
        forget_draft(scorer_id, number)


def forget_draft(scorer_id: int, number: int) -> None:
    """Take out the verdicts of a revision that is nobody's proposal and not in force, then the revision."""
    spec = ScorerSpec.objects.filter(pk=scorer_id).first()
    revision = spec.revisions.filter(number=number, proposal=None, replaces=None).first() if spec else None
    if spec is None or revision is None or spec.revision == number:
        return
    for run in Run.objects.filter(experiment=spec.experiment_id):
        _forget_verdicts(run, scorer_id, number)
    revision.delete()
    if spec.revision == 0 and not spec.revisions.exists():
        spec.delete()


def _is_given_by_people(kind: str) -> bool:
    return kind in registry.kinds() and registry.get(kind).place is Place.NOWHERE


def _propose(experiment: Experiment, declaration: ScorerDeclaration, by: Person | None) -> ScorerProposal | None:
    _discard_former(experiment, declaration.name, by)
    with transaction.atomic():
        draft = draft_scorer(experiment=experiment, declaration=declaration, by=by)
        if draft is None:
            return None
        proposal: ScorerProposal = ScorerProposal.objects.create(
            revision=draft.revision,
            values=draft.values,
            in_force=draft.in_force,
            planned_count=answered_count(experiment, Condition.of(draft.values["when"])),
            created_by=user_of(by),
        )
        return proposal


def _discard_former(experiment: Experiment, name: str, by: Person | None) -> None:
    require(by, experiment.project, "edit_experiment")
    mine = ScorerProposal.objects.filter(created_by=user_of(by), revision__scorer__experiment=experiment)
    for proposal in mine.filter(revision__scorer__name=name).select_related("revision__scorer__experiment__project"):
        discard_proposal(proposal=proposal, by=by)


def _prepared(proposal: ScorerProposal) -> PreparedScorer:
    spec, revision = proposal.scorer, proposal.revision
    scorer = registry.get(proposal.values["kind"])(revision.options)
    return PreparedScorer(spec.pk, revision.number, scorer, spec.name, Condition.of(proposal.values["when"]))


@transaction.atomic
def _store(
    proposal: ScorerProposal, run: Run, prepared: PreparedScorer, chunk: Chunk, verdicts: Sequence[Verdict]
) -> bool:
    """Write the verdicts on a chunk with their flips; False: somebody else took the proposal up."""
    flips = _flips(proposal, run, chunk, verdicts)
    proposal.examples = [*proposal.examples, *flips][:EXAMPLES]
    better, worse = (sum(_goes(flip, proposal) == way for flip in flips) for way in (1, -1))
    is_mine = proposal.hold(
        done_count=F("done_count") + len(chunk),
        flip_count=F("flip_count") + len(flips),
        better_count=F("better_count") + better,
        worse_count=F("worse_count") + worse,
        examples=proposal.examples,
    )
    if is_mine:
        write_verdicts(prepared, chunk, verdicts)
    return is_mine


def _flips(proposal: ScorerProposal, run: Run, chunk: Chunk, verdicts: Sequence[Verdict]) -> list[dict[str, Any]]:
    """Return the verdicts that are other ones than in force, as they are stored."""
    ids = [result_id for result_id, _, _ in chunk]
    rows = Score.objects.filter(
        result_id__in=ids, scorer=proposal.revision.scorer_id, revision=proposal.in_force, author=CODE, turn=0
    )
    former = {row.result_id: row for row in rows}
    pairs = [(one, former[one[0]], verdict) for one, verdict in zip(chunk, verdicts, strict=True) if one[0] in former]
    return [
        {
            "run": str(run.uid),
            "candidate": run.name,
            "ordinal": Result(pk=result_id).ordinal,
            "key": question.key,
            "before": before.value,
            "after": verdict.value,
            "before_label": before.label or before.error,
            "after_label": verdict.label or verdict.error,
            "extracted": verdict.extracted,
        }
        for (result_id, question, _), before, verdict in pairs
        if before.value != verdict.value
    ]


def _goes(flip: Mapping[str, Any], proposal: ScorerProposal) -> int:
    """Return 1 for a flip to the better, -1 to the worse, 0 where one side has no value."""
    before, after = flip["before"], flip["after"]
    if before is None or after is None:
        return 0
    return 1 if (after > before) == proposal.values["higher_is_better"] else -1


def _forget_verdicts(run: Run, scorer_id: int, number: int) -> None:
    rows = Score.objects.of_run(run).filter(scorer=scorer_id, revision=number, author=CODE)
    while ids := list(rows.values_list("pk", flat=True)[:ROWS_AT_ONCE]):
        Score.objects.filter(pk__in=ids).delete()
