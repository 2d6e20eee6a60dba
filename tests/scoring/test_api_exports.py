"""Exports and requirements of an experiment by API: the same files that the command line writes."""

import pytest

from experiments.models import Experiment
from experiments.requirements import Requirement
from scoring.boards.leaderboard import leaderboard
from scoring.exports.junit import junit_lines
from scoring.exports.results import result_lines
from tests.api_client import Api
from tests.factories import MembershipFactory
from tests.runs.planned import sums
from tests.scoring.standings import run_of, score_all, summed

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment() -> Experiment:
    """An experiment over two sums with one run."""
    experiment = sums(2)
    summed(score_all(run_of(experiment), {0: 1.0, 1: 0.0}, label="=wrong"))
    return experiment


@pytest.fixture
def api(experiment: Experiment) -> Api:
    """A viewer of its project."""
    return Api(MembershipFactory(project=experiment.project, role="viewer").user)


def test_export_as_csv_is_what_the_command_line_writes(api: Api, experiment: Experiment) -> None:
    answer = api.get(f"experiments/{experiment.uid}/export?format=csv")

    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.getvalue().decode() == "".join(result_lines(leaderboard(experiment)))


def test_export_for_spreadsheets_holds_no_formulas(api: Api, experiment: Experiment) -> None:
    answer = api.get(f"experiments/{experiment.uid}/export?format=csv&for_spreadsheets=true")

    assert ",'=wrong," in answer.getvalue().decode()


def test_export_as_junit_is_what_the_command_line_writes(api: Api, experiment: Experiment) -> None:
    answer = api.get(f"experiments/{experiment.uid}/export?format=junit")

    assert answer.headers["Content-Type"] == "application/xml; charset=utf-8"
    assert answer.getvalue().decode() == "".join(junit_lines(leaderboard(experiment), []))


def test_export_in_an_unknown_format_names_those_there_are(api: Api, experiment: Experiment) -> None:
    answer = api.get(f"experiments/{experiment.uid}/export?format=xlsx")

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "format"


def test_board_says_which_requirements_are_met_on_rows_that_are_cut_too(api: Api, experiment: Experiment) -> None:
    run_of(experiment, name="second")
    experiment.requirements = [Requirement(candidate="second", scorer="correct", at_least=0.5).as_json()]
    experiment.save()

    board = api.get(f"experiments/{experiment.uid}/leaderboard/?top_n=1&include=running").json()

    assert len(board["entries"]) == 1
    assert board["requirements"] == [
        {"candidate": "second", "scorer": "correct", "at_least": 0.5, "value": None, "met": False}
    ]
