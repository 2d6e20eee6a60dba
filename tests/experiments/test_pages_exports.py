"""Files of an experiment from its pages: the same as by API and command line."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from experiments.files.declared_form import declared_form
from experiments.files.writing import to_yaml
from experiments.models import Experiment, Project
from scoring.boards.leaderboard import leaderboard
from scoring.exports.junit import junit_lines
from scoring.exports.results import result_lines
from tests.factories import ExperimentFactory, MembershipFactory, UserFactory
from tests.runs.planned import sums
from tests.scoring.standings import run_of, score_all, summed

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment() -> Experiment:
    """An experiment over two sums with one run."""
    experiment = sums(2, name="two sums")
    summed(score_all(run_of(experiment), {0: 1.0, 1: 0.0}, label="=wrong"))
    return experiment


@pytest.fixture
def as_viewer(client: Client, experiment: Experiment) -> Client:
    """A browser of somebody who may look at its project."""
    user: User = MembershipFactory(project=experiment.project, role="viewer").user
    client.force_login(user)
    return client


def address(experiment: Experiment, query: str) -> str:
    return reverse("experiments:experiment-export", args=[experiment.uid]) + query


def test_export_sends_each_kind_as_a_file(as_viewer: Client, experiment: Experiment) -> None:
    board = leaderboard(experiment)
    expected = {
        "yaml": ("two-sums.yaml", to_yaml(declared_form(experiment))),
        "csv": ("two-sums.csv", "".join(result_lines(board))),
        "csv&for=spreadsheets": ("two-sums.csv", "".join(result_lines(board, is_for_spreadsheets=True))),
        "junit": ("two-sums.junit.xml", "".join(junit_lines(board, []))),
    }

    answers = {kind: as_viewer.get(address(experiment, f"?format={kind}")) for kind in expected}

    assert {
        kind: (answer.headers["Content-Disposition"], answer.getvalue().decode()) for kind, answer in answers.items()
    } == {kind: (f'attachment; filename="{name}"', text) for kind, (name, text) in expected.items()}


def test_board_leads_to_every_export(as_viewer: Client, experiment: Experiment) -> None:
    shown = as_viewer.get(reverse("experiments:experiment-board", args=[experiment.uid])).content.decode()

    assert [
        kind for kind in ("yaml", "csv", "csv&amp;for=spreadsheets", "junit") if f'?format={kind}"' not in shown
    ] == []


def test_export_in_an_unknown_format_is_not_found(as_viewer: Client, experiment: Experiment) -> None:
    assert as_viewer.get(address(experiment, "?format=xlsx")).status_code == 404


def test_export_is_not_found_by_strangers(client: Client, experiment: Experiment) -> None:
    client.force_login(UserFactory())

    assert client.get(address(experiment, "?format=csv")).status_code == 404


def test_export_as_yaml_without_candidates_says_why_not(client: Client, project: Project, viewer: User) -> None:
    client.force_login(viewer)
    experiment = ExperimentFactory(project=project, dataset_version=None)

    answer = client.get(address(experiment, ""), follow=True)

    assert "has no dataset: a file declares experiments with one." in answer.content.decode()


def test_head_says_that_a_sample_is_asked(as_viewer: Client, experiment: Experiment) -> None:
    Experiment.objects.update(selection={"seed": 0}, item_limit=1)

    shown = as_viewer.get(reverse("experiments:experiment-board", args=[experiment.uid])).content.decode()

    assert "a sample of 1 of 2 items" in shown
