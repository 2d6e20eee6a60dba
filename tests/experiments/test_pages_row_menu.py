"""The menu of a board's row: fetched when it is opened, a page without scripts."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from experiments.models import Experiment, Project
from experiments.pages.row_menu import RowMenu
from runs.models import Run, RunStatus, WorkUnit
from tests.boards import experiment_in, run_of

HTMX = {"HX-Request": "true"}


@pytest.fixture
def run(project: Project) -> Run:
    return run_of(experiment_in(project, items=2))


def labels(run: Run) -> list[str]:
    """Return what a row's menu offers."""
    return [entry.label for entry in RowMenu.build(Run.objects.get(pk=run.pk)).entries]


def test_row_offers_the_baseline_a_copy_and_an_end(run: Run) -> None:
    assert labels(run) == ["Open the run", "Set as baseline", "Copy as a new candidate", "Take out"]


def test_row_beside_a_baseline_is_compared_with_it(run: Run) -> None:
    other = run_of(run.experiment)
    Experiment.objects.update(baseline=other.candidate)

    assert "Compare with the baseline" in labels(run)
    assert labels(other) == ["Open the run", "Copy as a new candidate", "Take out"]


def test_row_with_errors_is_retried_once_it_has_ended(run: Run) -> None:
    WorkUnit.objects.update(timeout_count=1)
    ended = labels(run)
    Run.objects.update(status=RunStatus.RUNNING, completed_at=None)

    assert "Retry failed" in ended
    assert {"Retry failed", "Take out"}.isdisjoint(labels(run))


@pytest.mark.parametrize(("headers", "is_whole"), [(HTMX, False), ({}, True)])
def test_menu_is_a_fragment_for_htmx_and_a_page_by_its_link(
    client: Client, editor: User, run: Run, headers: dict[str, str], *, is_whole: bool
) -> None:
    client.force_login(editor)

    page = client.get(reverse("experiments:row-menu", args=[run.uid]), headers=headers).content.decode()

    assert ("<html" in page) is is_whole
    assert reverse("experiments:experiment-baseline", args=[run.experiment.uid, run.candidate.uid]) in page  # type: ignore[union-attr]


@pytest.mark.parametrize(("who", "status"), [("viewer", 403), ("stranger", 404)])
def test_menu_is_for_editors(client: Client, request: pytest.FixtureRequest, run: Run, who: str, status: int) -> None:
    client.force_login(request.getfixturevalue(who))

    assert client.get(reverse("experiments:row-menu", args=[run.uid])).status_code == status
