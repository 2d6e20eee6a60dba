"""The page of a run with many scorers of long names, and Home with much going on: their live answers are light."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from experiments.models import Project
from runs.models import Result, Run, RunStatus
from scoring.models import RunScore
from tests.boards import experiment_in, result_of, run_of, wide_board
from tests.factories import ScorerSpecFactory

pytestmark = pytest.mark.django_db

LIMIT = 20_000
SCORERS = 40
LONG = "数" * 90


@pytest.fixture
def as_editor(client: Client, editor: User) -> Client:
    client.force_login(editor)
    return client


def live(client: Client, address: str, known: str) -> Any:
    """Return the answer to a page that shows pieces with these digests."""
    return client.get(address, headers={"HX-Request": "true", "Live-Shown": known})


def shown(client: Client, address: str) -> str:
    """Return what a page names as shown: the digests of its pieces."""
    return " ".join(re.findall(r'data-digest="([^"]+)"', client.get(address).content.decode()))


@pytest.fixture
def run(project: Project) -> Run:
    experiment = experiment_in(project, items=12)
    made = run_of(experiment)
    _ = [result_of(made, number) for number in range(12)]
    specs = [ScorerSpecFactory(experiment=experiment, name=f"{LONG}{number}") for number in range(SCORERS)]
    RunScore.objects.bulk_create(RunScore(run=made, scorer=spec, revision=1, n=2, mean=0.5) for spec in specs)
    return made


@pytest.mark.parametrize("part", ["run-summary", "run-results"])
def test_live_answer_of_a_run_with_many_long_scorers_is_light(as_editor: Client, run: Run, part: str) -> None:
    address = reverse(f"runs:{part}", args=[run.uid])
    known = shown(as_editor, address)

    same, first = live(as_editor, address, known), live(as_editor, address, "")
    RunScore.objects.update(mean=0.25, n=11)
    Result.objects.update(latency_ms=77)
    changed = live(as_editor, address, known)

    assert same.status_code == 204
    assert changed.status_code == 200
    assert max(len(first.content), len(changed.content)) < LIMIT


def test_live_answer_of_home_with_much_going_on_is_light(as_editor: Client, project: Project) -> None:
    runs = wide_board(project, candidates=60, scorers=1)
    Run.objects.filter(pk__in=[run.pk for run in runs[:20]]).update(status=RunStatus.PAUSED, status_reason="数" * 300)
    address = reverse("home-now")

    known = shown(as_editor, address)
    Run.objects.filter(pk=runs[3].pk).update(status_reason="the key is wrong")
    first, changed = live(as_editor, address, ""), live(as_editor, address, known)

    assert len(as_editor.get(address).content) > LIMIT
    assert max(len(first.content), len(changed.content)) < LIMIT
    assert "the key is wrong" in changed.content.decode()
    assert live(as_editor, address, shown(as_editor, address)).status_code == 204
