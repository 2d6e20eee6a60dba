"""A scorer tried on what is stored: the flips are seen before it is kept, and nothing is in force until then."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from experiments.actions import ActionConflict, ActionRefused, StaleEdit, declare_scorer
from experiments.declarations import ScorerDeclaration
from experiments.models import Experiment, ScorerRevision, ScorerSpec
from runs.models import Run
from runs.signals import results_changed
from scoring.boards.leaderboard import leaderboard
from scoring.changing import proposing
from scoring.changing.proposing import change_scorer, discard_proposal, judge_proposal, keep_proposal
from scoring.models import Score, ScorerProposal
from scoring.tasks import catch_up
from scoring.tasks import judge_proposal as judge_by_job
from tests.boards import result_of, run_of
from tests.people import member_of
from tests.scoring.proposed import answered, proposed

pytestmark = pytest.mark.django_db(transaction=True)


def score_of(experiment: Experiment) -> float | None:
    """Return what the first row of the board has."""
    return leaderboard(experiment).entries[0].weighted_score


def verdicts(revision: int) -> list[float | None]:
    """Return the values under a revision."""
    return list(Score.objects.filter(revision=revision).values_list("value", flat=True))


@pytest.mark.both
def test_proposal_counts_and_shows_the_flips_and_changes_nothing() -> None:
    experiment = answered(3)

    proposal = proposed(experiment)

    assert (proposal.planned_count, proposal.done_count, proposal.is_done) == (3, 3, True)
    assert (proposal.flip_count, proposal.better_count, proposal.worse_count) == (3, 3, 0)
    assert [(one["key"], one["before"], one["after"]) for one in proposal.examples] == [
        ("sum-0", 0.0, 1.0),
        ("sum-1", 0.0, 1.0),
        ("sum-2", 0.0, 1.0),
    ]
    assert score_of(experiment) == 0.0
    assert experiment.scorers.values_list("kind", "revision").get() == ("exact_match", 1)


@pytest.mark.both
def test_kept_proposal_is_in_force_and_the_former_scores_stay() -> None:
    experiment = answered(3)

    keep_proposal(proposal=proposed(experiment, weight=2.0), by=None)

    assert score_of(experiment) == 1.0
    assert experiment.scorers.values_list("kind", "revision", "weight").get() == ("regex", 2, 2.0)
    assert (verdicts(1), verdicts(2)) == ([0.0] * 3, [1.0] * 3)
    assert ScorerRevision.objects.get(number=2).replaces == 1
    assert not ScorerProposal.objects.exists()


@pytest.mark.both
def test_discarded_proposal_leaves_nothing() -> None:
    experiment = answered(3)

    discard_proposal(proposal=proposed(experiment), by=None)

    assert (verdicts(2), ScorerRevision.objects.count(), score_of(experiment)) == ([], 1, 0.0)


def test_flips_to_the_worse_and_to_no_value_are_told_apart() -> None:
    experiment = answered(2)
    keep_proposal(proposal=proposed(experiment), by=None)

    worse = proposed(experiment, options={"pattern": "nowhere"})
    assert (worse.flip_count, worse.better_count, worse.worse_count) == (2, 0, 2)

    unjudged = proposed(experiment, kind="numeric_match", options={"extract": "nowhere"})
    assert unjudged.better_count + unjudged.worse_count <= unjudged.flip_count == 2


def test_proposal_of_a_new_scorer_judges_and_has_no_flips() -> None:
    experiment = answered(2)

    proposal = proposed(experiment, name="place")

    assert (proposal.done_count, proposal.flip_count) == (2, 0)
    assert [spec.name for spec in experiment.scorers.filter(removed_at=None)] == ["correct"]
    keep_proposal(proposal=proposal, by=None)
    assert leaderboard(experiment).entries[0].scores["place"].value == 1.0
    assert score_of(experiment) == 0.5


def test_discarded_proposal_of_a_new_scorer_leaves_no_scorer() -> None:
    experiment = answered(2)

    discard_proposal(proposal=proposed(experiment, name="place"), by=None)

    assert [spec.name for spec in ScorerSpec.objects.all()] == ["correct"]


def test_proposal_after_another_change_is_refused_as_stale() -> None:
    experiment = answered(2)
    proposal = proposed(experiment)
    declare_scorer(experiment=experiment, declaration=ScorerDeclaration("correct", "contains"), by=None)

    with pytest.raises(StaleEdit, match="somebody else"):
        keep_proposal(proposal=proposal, by=None)

    assert ScorerProposal.objects.filter(pk=proposal.pk).exists()


def test_second_proposal_of_the_same_person_discards_the_first() -> None:
    experiment = answered(2)
    editor, other = member_of(experiment.project, "editor"), member_of(experiment.project, "editor")
    first, others = proposed(experiment, by=editor), proposed(experiment, by=other)

    former = first.revision.number

    second = proposed(experiment, by=editor, options={"pattern": "Par"})

    assert set(ScorerProposal.objects.all()) == {others, second}
    assert verdicts(former) == []


def test_change_of_the_weight_alone_is_saved_at_once() -> None:
    experiment = answered(2)

    changed = change_scorer(
        experiment=experiment, declaration=ScorerDeclaration("correct", "exact_match", weight=5.0), by=None
    )

    assert isinstance(changed, ScorerSpec)
    assert (changed.weight, changed.revision) == (5.0, 1)


def test_change_of_a_scorer_of_people_is_saved_at_once() -> None:
    experiment = answered(2)

    changed = change_scorer(experiment=experiment, declaration=ScorerDeclaration("helpful", "person"), by=None)

    assert isinstance(changed, ScorerSpec)


@pytest.mark.parametrize(
    ("declared", "sentence"),
    [
        ({"options": {"pattern": "("}}, "pattern"),
        ({"options": {"patern": "x"}}, 'unknown option "patern"'),
        ({"kind": "odd"}, 'unknown kind "odd"'),
        ({"name": "not a name"}, "may hold a-z"),
    ],
)
def test_proposal_that_does_not_fit_is_refused_and_leaves_nothing(declared: dict[str, Any], sentence: str) -> None:
    experiment = answered(1)

    with pytest.raises(ActionRefused, match=sentence):
        proposed(experiment, **declared)

    assert (ScorerSpec.objects.count(), ScorerRevision.objects.count()) == (1, 1)


def test_proposal_by_a_viewer_is_forbidden() -> None:
    experiment = answered(1)
    viewer = member_of(experiment.project, "viewer")
    proposal = proposed(experiment)

    with pytest.raises(PermissionDenied):
        proposed(experiment, by=viewer)
    with pytest.raises(PermissionDenied):
        keep_proposal(proposal=proposal, by=viewer)
    with pytest.raises(PermissionDenied):
        discard_proposal(proposal=proposal, by=viewer)


def test_proposal_left_half_judged_is_finished_by_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposing, "JUDGED_AT_ONCE", 2)
    monkeypatch.setattr(proposing, "AT_ONCE_S", 0.0)
    asked: list[tuple[Any, ...]] = []
    monkeypatch.setattr(proposing, "do_later", lambda *task: asked.append(task))
    proposal = proposed(answered(5))
    assert (proposal.done_count, proposal.is_done) == (2, False)
    with pytest.raises(ActionConflict, match="wait"):
        keep_proposal(proposal=proposal, by=None)

    assert asked == [("scoring.tasks.judge_proposal", proposal.pk)]
    judge_by_job(proposal.pk)
    judge_by_job(proposal.pk)  # a task may come twice

    proposal.refresh_from_db()
    assert (proposal.done_count, proposal.flip_count, proposal.is_done) == (5, 5, True)
    assert verdicts(2) == [1.0] * 5


def test_proposal_that_was_overtaken_writes_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposing, "JUDGED_AT_ONCE", 1)
    monkeypatch.setattr(proposing, "AT_ONCE_S", 0.0)
    monkeypatch.setattr(proposing, "do_later", lambda *_: None)
    proposal = proposed(answered(3))

    def overtaken() -> bool:
        ScorerProposal.objects.filter(pk=proposal.pk).update(lease=99)
        return False

    assert not judge_proposal(proposal, is_over=overtaken)

    proposal.refresh_from_db()
    assert (proposal.done_count, len(verdicts(2)), proposal.is_done) == (2, 2, False)


def test_answers_of_a_run_that_went_on_meanwhile_are_judged_when_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = answered(2)
    keep_proposal(proposal=proposed(experiment), by=None)
    run = run_of(experiment, score=None, status="running", ok_count=2)
    [result_of(run, ordinal, value=0.0) for ordinal in range(2)]  # by a lane that knew revision 1
    asked: list[tuple[Any, ...]] = []
    monkeypatch.setattr("scoring.changing.catching_up.do_later", lambda *task: asked.append(task))

    results_changed.send(sender=Run, run=run, is_final=True)
    Run.objects.get(pk=run.pk).complete()
    assert asked == [("scoring.tasks.catch_up", experiment.pk)]
    catch_up(experiment.pk)

    assert Score.objects.of_run(run).filter(revision=2).values_list("value", flat=True).distinct().get() == 1.0
