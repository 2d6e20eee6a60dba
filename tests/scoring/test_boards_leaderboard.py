"""The leaderboard: complete before incomplete, completed before running, then the score; ties share the rank."""

from datetime import UTC, datetime

import pytest

from experiments.actions.candidates import remove_candidate
from experiments.models import Experiment
from runs.models import Run
from scoring.boards.board_json import board_json
from scoring.boards.leaderboard import leaderboard
from scoring.models import RunStanding
from tests.runs.planned import sums
from tests.scoring.standings import ended, run_of, run_result, score_all, summed

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment() -> Experiment:
    """An experiment over four sums."""
    return sums(4)


def scored(experiment: Experiment, right: int, name: str) -> Run:
    """Return a completed run with this many of four right."""
    run = run_of(experiment, name=name)
    return ended(score_all(run, {ordinal: float(ordinal < right) for ordinal in range(4)}))


def ranks(experiment: Experiment, **options: object) -> list[tuple[int | None, str]]:
    """Return rank and candidate of each row."""
    return [(entry.rank, entry.run.name) for entry in leaderboard(experiment, **options).entries]  # type: ignore[arg-type]


def test_board_stands_by_score(experiment: Experiment) -> None:
    scored(experiment, 1, "low")
    scored(experiment, 3, "high")

    assert ranks(experiment) == [(1, "high"), (2, "low")]


def test_equal_scores_share_the_rank_and_stand_by_finish_time(experiment: Experiment) -> None:
    runs = [scored(experiment, right, name) for right, name in [(3, "later"), (3, "earlier"), (1, "third")]]
    Run.objects.filter(pk=runs[1].pk).update(completed_at=datetime(2020, 1, 1, tzinfo=UTC))

    assert ranks(experiment) == [(1, "earlier"), (1, "later"), (3, "third")]


def test_equal_in_everything_stand_by_id(experiment: Experiment) -> None:
    _ = [scored(experiment, 2, name) for name in ("one", "two")]
    Run.objects.update(completed_at=datetime(2020, 1, 1, tzinfo=UTC))

    assert ranks(experiment) == [(1, "one"), (1, "two")]


def test_incomplete_stands_behind_complete_whatever_its_score(experiment: Experiment) -> None:
    scored(experiment, 1, "complete")
    best = score_all(run_of(experiment, name="incomplete"), {0: 1.0})
    run_result(best, 1)
    ended(best)

    assert ranks(experiment) == [(1, "complete"), (2, "incomplete")]


def test_running_stands_behind_completed_and_is_provisional(experiment: Experiment) -> None:
    summed(score_all(run_of(experiment, name="running"), {0: 1.0}))
    scored(experiment, 1, "completed")

    entries = leaderboard(experiment).entries

    assert [(entry.run.name, entry.is_provisional) for entry in entries] == [("completed", False), ("running", True)]


def test_equal_scores_of_running_and_completed_share_no_rank(experiment: Experiment) -> None:
    summed(score_all(run_of(experiment, name="running"), {0: 1.0}))
    scored(experiment, 4, "completed")

    assert ranks(experiment) == [(1, "completed"), (2, "running")]


def test_cancelled_is_provisional(experiment: Experiment) -> None:
    run = score_all(run_of(experiment), {0: 1.0})
    summed(run)
    run.cancel("enough")

    assert leaderboard(experiment).entries[0].is_provisional


def test_board_without_running_runs_leaves_them_out(experiment: Experiment) -> None:
    run_of(experiment, name="running")
    scored(experiment, 1, "completed")

    assert ranks(experiment, include_running=False) == [(1, "completed")]


def test_run_without_a_standing_has_no_rank(experiment: Experiment) -> None:
    run_of(experiment, name="pending")

    assert ranks(experiment) == [(None, "pending")]


def test_cut_leaves_the_first_rows_and_keeps_the_total(experiment: Experiment) -> None:
    _ = [scored(experiment, right, f"{right} right") for right in (1, 3, 2)]

    board = leaderboard(experiment).cut(2)

    assert ([entry.run.name for entry in board.entries], board.total) == (["3 right", "2 right"], 3)


def test_removed_candidate_leaves_the_board(experiment: Experiment) -> None:
    gone = scored(experiment, 4, "gone")
    scored(experiment, 1, "kept")
    assert gone.candidate is not None

    remove_candidate(candidate=gone.candidate, by=None)

    assert ranks(experiment) == [(1, "kept")]


def test_runs_over_other_items_leave_the_board(experiment: Experiment) -> None:
    scored(experiment, 4, "all")
    Experiment.objects.update(selection={"keys": ["sum-1"]})

    assert ranks(Experiment.objects.get(pk=experiment.pk)) == []


def test_tried_weights_change_the_board_and_nothing_stored(experiment: Experiment) -> None:
    run = scored(experiment, 3, "one")

    board = leaderboard(experiment, weights={"correct": 5.0})

    assert board.scoring_config["weights"] == {"correct": 5.0}
    assert board.entries[0].weighted_score == pytest.approx(0.75)
    assert RunStanding.objects.get().value == run.standing.value
    assert experiment.scorers.get().weight == 1.0


def test_board_json_gives_the_row(experiment: Experiment) -> None:
    run = scored(experiment, 3, "one")

    board = board_json(leaderboard(experiment))

    (entry,) = board["entries"]
    assert (board["experiment"], board["total"]) == (experiment.name, 1)
    assert board["scoring_config"] == {"weights": {"correct": 1.0}, "errors": "exclude", "trials": "mean"}
    assert (entry["rank"], entry["run_id"], entry["candidate"], entry["weighted_score"]) == (
        1,
        str(run.uid),
        "one",
        0.75,
    )
    assert entry["scores"]["correct"] == {
        "value": 0.75,
        "low": entry["low"],
        "high": entry["high"],
        "n": 4,
        "none": 0,
    }
    assert (entry["complete"], entry["missing"], entry["cost_per_1000_usd"]) == (True, [], None)
