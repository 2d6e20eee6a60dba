"""Results as CSV: faithful, a record each, with what the scorers in force said."""

import csv
import io

import pytest

from experiments.models import Experiment, Item
from runs.models import Result
from scoring.boards.leaderboard import leaderboard
from scoring.exports.results import result_lines
from scoring.judging.judged_results import judged_results
from scoring.models import Score
from tests.factories import ScoreFactory, TranscriptFactory, UserFactory
from tests.runs.planned import sums
from tests.scoring.standings import run_of, run_result, score_all, summed
from tests.scoring.test_boards_summing import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment() -> Experiment:
    """An experiment over three sums."""
    return sums(3)


def records(experiment: Experiment, **how: bool) -> list[dict[str, str]]:
    """Return the records of the experiment's results."""
    return list(csv.DictReader(io.StringIO("".join(result_lines(leaderboard(experiment), **how)))))


def answer(result: Result, text: str) -> None:
    """Give a result this whole answer."""
    body = [{"role": "assistant", "parts": [{"type": "text", "text": text}]}]
    TranscriptFactory(result=result, body=body)


@pytest.mark.both
def test_record_holds_item_answer_and_scores(experiment: Experiment) -> None:
    Item.objects.filter(key="sum-1").update(tags="|a|b|", split="test")
    run = score_all(run_of(experiment, name="one"), {1: 0.0}, label="wrong", explanation='says "=5"\nno')
    Result.objects.update(cost_usd="0.000100", tokens_in=3, latency_ms=12, first_token_ms=5)
    answer(Result.objects.get(), "=5\n")

    (record,) = records(experiment)

    assert record == {
        "candidate": "one",
        "item": "sum-1",
        "trial": "0",
        "outcome": "ok",
        "detail": "",
        "input": "1 + 1 = ?",
        "expected": "2",
        "output": "=5\n",
        "score.correct": "0.0",
        "score.correct.label": "wrong",
        "score.correct.explanation": 'says "=5"\nno',
        "tokens_in": "3",
        "tokens_out": "",
        "cost_usd": "0.0001",
        "latency_ms": "12",
        "first_token_ms": "5",
        "tokens_per_s": "",
        "tags": "a|b",
        "split": "test",
        "result": f"{run.uid}.1",
    }


def test_records_for_spreadsheets_hold_no_formulas(experiment: Experiment) -> None:
    run = score_all(run_of(experiment), {1: 0.0})
    answer(Result.objects.of_run(run).get(), "=cmd()")

    assert records(experiment, is_for_spreadsheets=True)[0]["output"] == "'=cmd()"
    assert records(experiment)[0]["output"] == "=cmd()"


def test_error_has_its_reason_and_no_scores(experiment: Experiment) -> None:
    run_result(run_of(experiment), 0, outcome="timeout", detail="after 9 s")

    (record,) = records(experiment)

    assert (record["outcome"], record["detail"], record["score.correct"], record["output"]) == (
        "timeout",
        "after 9 s",
        "",
        "",
    )


def test_what_could_not_be_judged_is_empty_and_says_why(experiment: Experiment) -> None:
    score_all(run_of(experiment), {0: None}, label="no expected answer")

    (record,) = records(experiment)

    assert (record["score.correct"], record["score.correct.label"]) == ("", "no expected answer")


def test_several_people_are_their_mean(experiment: Experiment) -> None:
    run = run_of(experiment)
    helpful = person(experiment)
    _ = [
        ScoreFactory(result=run_result(run, 0), scorer=helpful, value=value, author=UserFactory().pk)
        for value in (2.0, 5.0)
    ]

    (record,) = records(experiment)

    assert (record["score.helpful"], record["score.helpful.label"]) == ("3.5", "2 people")


def test_results_are_those_that_count_in_the_order_of_their_ordinals(experiment: Experiment) -> None:
    Experiment.objects.update(trials=2)
    score_all(run_of(experiment), {5: 1.0, 3: 1.0, 0: 1.0, 2: 1.0})
    Experiment.objects.update(item_limit=2)
    experiment.refresh_from_db()

    assert [(one["item"], one["trial"]) for one in records(experiment)] == [("sum-0", "0"), ("sum-0", "1")]


def test_judged_results_read_chunk_by_chunk_come_once(experiment: Experiment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scoring.judging.judged_results.RESULTS_AT_ONCE", 2)
    run = score_all(run_of(experiment), {0: 1.0, 1: 0.0, 2: 1.0})
    summed(run)

    found = list(judged_results(run, list(experiment.scorers.all())))

    assert [one.ordinal for one in found] == [0, 1, 2]
    assert [score.value for one in found for score in one.scores[experiment.scorers.get().pk]] == [1.0, 0.0, 1.0]


def test_scores_of_former_revisions_are_left_out(experiment: Experiment) -> None:
    score_all(run_of(experiment), {0: 0.0})
    experiment.scorers.update(revision=2)
    ScoreFactory(result=Result.objects.get(), scorer=experiment.scorers.get(), revision=2, value=1.0)

    assert [record["score.correct"] for record in records(experiment)] == ["1.0"]
    assert Score.objects.count() == 2
