"""Boards as JUnit XML: what continuous integration counts and shows."""

from xml.etree import ElementTree as ET

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from experiments.models import Experiment
from experiments.requirements import Requirement
from runs.models import Result
from scoring.boards.leaderboard import leaderboard
from scoring.boards.requirements import required_of
from scoring.exports.junit import junit_lines
from tests.factories import TranscriptFactory
from tests.runs.planned import sums
from tests.scoring.standings import run_of, run_result, score_all, summed

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment() -> Experiment:
    """An experiment over four sums."""
    return sums(4, name="adding")


def document(experiment: Experiment, *requirements: Requirement) -> ET.Element:
    """Return what is written of the experiment, as a parser reads it."""
    experiment.requirements = [requirement.as_json() for requirement in requirements]
    experiment.save()
    board = leaderboard(experiment)
    return ET.fromstring("".join(junit_lines(board, required_of(board))))  # noqa: S314 - our own document


def outcomes(root: ET.Element) -> dict[str | None, str]:
    """Return what became of each test case by its name: passed, failure, error or skipped."""
    return {case.get("name"): case[0].tag if len(case) else "passed" for case in root.iter("testcase")}


def test_items_pass_fail_err_or_are_skipped(experiment: Experiment) -> None:
    run = score_all(run_of(experiment, name="one"), {0: 1.0, 1: 0.0})
    score_all(run, {2: None}, label="no expected answer")
    run_result(run, 3, outcome="timeout", detail="after 9 s")

    root = document(experiment)

    assert outcomes(root) == {"sum-0": "passed", "sum-1": "failure", "sum-2": "skipped", "sum-3": "error"}
    counts = {name: root.get(name) for name in ("name", "tests", "failures", "errors", "skipped")}
    assert counts == {"name": "adding", "tests": "4", "failures": "1", "errors": "1", "skipped": "1"}
    assert root[0].attrib == {**counts, "name": "one", "time": root[0].get("time")}
    assert [case.get("classname") for case in root.iter("testcase")] == ["adding.one"] * 4


def test_costs_are_not_read_since_the_file_has_none(experiment: Experiment) -> None:
    score_all(run_of(experiment), {0: 1.0})

    with CaptureQueriesContext(connection) as queries:
        document(experiment)

    read = [query["sql"] for query in queries if 'FROM "runs_result"' in query["sql"] and '"detail"' in query["sql"]]
    assert read
    assert not [sql for sql in read if "cost_usd" in sql or "tokens_in" in sql]


def test_failure_says_what_was_expected_and_answered(experiment: Experiment) -> None:
    score_all(run_of(experiment), {1: 0.0}, explanation="not equal")
    body = [{"role": "assistant", "parts": [{"type": "text", "text": "<5>&\x1b[1m ]]>" + "x" * 2000}]}]
    TranscriptFactory(result=Result.objects.get(), body=body)

    (failure,) = document(experiment).iter("failure")

    assert failure.get("message") == "correct 0: not equal"
    assert failure.text is not None
    assert failure.text.startswith("correct 0: not equal\nexpected: 2\nanswered: <5>&�[1m ]]>xxx")
    assert failure.text.endswith("x …")


def test_answers_are_read_of_failures_only(experiment: Experiment) -> None:
    run = score_all(run_of(experiment), {0: 1.0, 1: 0.0})
    for result in Result.objects.of_run(run):
        TranscriptFactory(result=result, body=[{"role": "assistant", "parts": [{"type": "text", "text": "so"}]}])

    with CaptureQueriesContext(connection) as queries:
        (failure,) = document(experiment).iter("failure")

    (answers,) = (query["sql"] for query in queries if 'FROM "runs_transcript"' in query["sql"])
    passed, failed = Result.objects.of_run(run).order_by("pk").values_list("pk", flat=True)
    assert (str(passed) in answers, str(failed) in answers) == (False, True)
    assert (failure.text or "").endswith("answered: so")


def test_requirements_are_test_cases_of_their_candidate(experiment: Experiment) -> None:
    run = score_all(run_of(experiment, name="one"), {0: 1.0, 1: 0.0})
    summed(run)

    root = document(
        experiment,
        Requirement(scorer="correct", at_least=0.5),
        Requirement(scorer="correct", at_least=0.75),
        Requirement(candidate="gone", metric="p95_ms", at_most=10),
    )

    assert outcomes(root) == {
        "require correct at least 0.5": "passed",
        "require correct at least 0.75": "failure",
        "require p95_ms at most 10": "failure",
        "sum-0": "passed",
        "sum-1": "failure",
    }
    assert next(failure.get("message") for failure in root.iter("failure")) == (
        "one: correct 0.5, required at least 0.75"
    )
    assert [suite.get("name") for suite in root] == ["one", "require"]


def test_item_fails_with_one_of_its_trials(experiment: Experiment) -> None:
    Experiment.objects.update(trials=2)
    experiment.refresh_from_db()
    score_all(run_of(experiment), {0: 1.0, 4: 0.0, 1: 1.0, 5: 1.0})

    root = document(experiment)

    assert outcomes(root) == {"sum-0": "failure", "sum-1": "passed"}
    assert [one.get("message") for one in root.iter("failure")] == ["trial 1: correct 0"]


def test_long_document_shows_that_more_is_to_come(experiment: Experiment, monkeypatch: pytest.MonkeyPatch) -> None:
    score_all(run_of(experiment), {0: 1.0, 1: 0.0, 2: 1.0})
    whole = "".join(junit_lines(leaderboard(experiment), []))
    monkeypatch.setattr("scoring.exports.junit.SIGN_EVERY", 1)
    monkeypatch.setattr("scoring.exports.junit.MOST_IN_MEMORY", 1)

    lines = list(junit_lines(leaderboard(experiment), []))

    assert lines[1:4] == ["\n"] * 3
    assert "".join(lines[:1] + lines[4:]) == whole


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"weight": 0}, "skipped"),
        ({"weight": 0, "pass_value": 0.5}, "failure"),
        ({"pass_value": 0.2}, "passed"),
        ({"kind": "latency", "range_low": 0, "range_high": 10}, "skipped"),
        ({"kind": "latency", "higher_is_better": False, "range_low": 0, "range_high": 10, "pass_value": 5}, "passed"),
        ({"kind": "person"}, "skipped"),
    ],
)
def test_scorers_that_weigh_or_have_a_pass_decide(
    experiment: Experiment, changes: dict[str, object], outcome: str
) -> None:
    score_all(run_of(experiment), {0: 0.25})
    experiment.scorers.update(**changes)

    assert outcomes(document(experiment)) == {"sum-0": outcome}


def test_crashed_scorer_is_an_error(experiment: Experiment) -> None:
    score_all(run_of(experiment), {0: None}, error="ValueError: no")

    root = document(experiment)

    assert [one.get("message") for one in root.iter("error")] == ["correct: ValueError: no"]
