"""The demo: the same scores on every machine, ended and gone on with, shown once, removed as a whole."""

import dataclasses
import io
import re
import signal
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from pytest_django import Settings

from evalsite.commands import CommandFailed
from evalsite.demo import presenting as demo
from evalsite.demo import ratings
from evalsite.demo.mark import is_removed
from evalsite.demo.removal import remove_demo
from experiments.actions import ActionConflict, ActionRefused
from experiments.files.experiment_file import load
from experiments.models import Experiment, Item, Membership, Project, Role
from runs.actions import start_experiment
from runs.lanes.foreground import Foreground
from runs.models import FailedAttempt, Result, Run, RunStatus, Transcript
from runs.outcomes import Outcome
from runs.simulator.catalogue import load_knowledge, load_models
from runs.simulator.server import Simulator
from runs.simulator.thread import SimulatorThread
from scoring.boards.board_json import board_json
from scoring.boards.leaderboard import leaderboard
from scoring.deleting import delete_project
from scoring.models import Score
from tests.evalsite.test_up import END_S, Site
from tests.factories import MembershipFactory, ProjectFactory, RunFactory, UserFactory
from tests.waiting import wait_until

DEMO_S = 240


@pytest.fixture
def data(settings: Settings, tmp_path: Path) -> Path:
    """A data directory of its own."""
    settings.DATA_DIR = tmp_path
    return tmp_path


@pytest.fixture
def quick_simulator(settings: Settings) -> Iterator[None]:
    """The simulator with the models of the demo, without their latencies: what they say does not depend on them."""
    models = tuple(dataclasses.replace(model, latency_ms=0.0) for model in load_models())
    with SimulatorThread(Simulator(models, load_knowledge(), key="of this test")) as thread:
        settings.SIMULATOR_URL, settings.SIMULATOR_KEY = thread.address.url, thread.address.key
        yield


@pytest.fixture
def experiment(transactional_db: None, data: Path) -> Experiment:
    """The demo as it is declared, with an administrator as its owner."""
    UserFactory(username="admin", is_superuser=True)
    return demo.declare_demo(load(demo.FILE))


@pytest.fixture
def finished(experiment: Experiment, quick_simulator: None) -> Experiment:
    """The demo with its runs done in this process, and rated."""
    foreground = Foreground()
    runs = start_experiment(experiment=experiment, by=None, owner=foreground.owner).runs
    foreground.work([run.pk for run in runs])
    foreground.leave()
    ratings.rate(experiment)
    return experiment


def entries_of(experiment: Experiment) -> dict[str, dict[str, Any]]:
    """Return the rows of the board by candidate."""
    return {entry["candidate"]: entry for entry in board_json(leaderboard(experiment))["entries"]}


def _rounded(numbers: Iterable[float]) -> list[float]:
    return [round(number, 6) for number in numbers]


@pytest.mark.processes
def test_demo_scores_are_the_same_everywhere(finished: Experiment) -> None:
    entries = entries_of(finished)

    assert list(entries) == ["large", "flaky", "cautious", "small"]
    assert _rounded(entry["weighted_score"] for entry in entries.values()) == [0.933824, 0.84375, 0.795343, 0.599265]
    assert _rounded(entry["scores"]["correct"]["value"] for entry in entries.values()) == [
        0.911765,
        0.791667,
        0.764706,
        0.465686,
    ]
    assert _rounded(entry["scores"]["in-form"]["value"] for entry in entries.values()) == [1.0, 1.0, 0.887255, 1.0]
    assert _rounded(entry["scores"]["helpful"]["value"] for entry in entries.values()) == [4.5, 3.625, 4.5, 2.5]
    assert [entry["status"] for entry in entries.values()] == [RunStatus.COMPLETED] * 4


@pytest.mark.processes
def test_demo_shows_two_that_overlap_and_two_that_are_apart(finished: Experiment) -> None:
    entries = entries_of(finished)

    assert entries["flaky"]["low"] < entries["cautious"]["high"]
    assert entries["large"]["low"] > entries["flaky"]["high"]
    assert entries["small"]["high"] < entries["cautious"]["low"]


@pytest.mark.processes
def test_demo_shows_every_kind_of_trouble(finished: Experiment) -> None:
    runs = {run.name: run for run in finished.runs.all()}

    outcomes = Result.objects.of_run(runs["cautious"]).values_list("outcome", flat=True)

    assert entries_of(finished)["flaky"]["errors"] == {Outcome.TIMEOUT: 4}
    assert {Outcome.REFUSED, Outcome.TRUNCATED} < set(outcomes)
    assert set(FailedAttempt.objects.of_run(runs["large"]).values_list("status", flat=True)) == {429}
    assert not Result.objects.of_run(runs["large"]).errors().exists()


@pytest.mark.processes
def test_demo_is_rated_by_two_people_who_cannot_sign_in(finished: Experiment) -> None:
    people = User.objects.filter(username__in=ratings.PEOPLE)

    again = ratings.rate(finished)

    assert again == Score.objects.by_people().count() == 30
    assert set(Score.objects.by_people().values_list("author", flat=True)) == {person.pk for person in people}
    assert [(person.is_active, person.has_usable_password()) for person in people] == [(False, False)] * 2


@pytest.mark.processes
def test_demo_that_is_complete_is_not_shown_again(finished: Experiment) -> None:
    said = io.StringIO()

    assert demo.present(said) is False
    assert said.getvalue() == ""


@pytest.mark.processes
def test_remove_demo_leaves_nothing_of_it(finished: Experiment, data: Path) -> None:
    other = RunFactory()

    call_command("remove_demo", stdout=io.StringIO())

    counts = [model.objects.count() for model in (Score, Transcript, Result, FailedAttempt)]
    assert counts == [0, 0, 0, 0]
    assert list(Project.objects.all()) == [other.experiment.project]
    assert list(Run.objects.all()) == [other]
    assert not Item.objects.filter(dataset__name="short-questions").exists()
    assert not User.objects.filter(username__in=ratings.PEOPLE).exists()
    assert demo.present(io.StringIO()) is False


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A site that was never started."""
    site = Site(tmp_path / "data")
    yield site
    site.end()


@pytest.mark.processes
def test_up_shows_the_demo_at_the_first_start_alone(site: Site) -> None:
    first = site.start("up", "--demo")
    wait_until(lambda: site.number("SELECT count(*) FROM scoring_score WHERE author > 0") == 30, DEMO_S, "the ratings")
    wait_until(lambda: site.number("SELECT count(*) FROM experiments_signinlink") == 2, END_S, "the second link")
    first.send_signal(signal.SIGINT)
    said_first = first.communicate(timeout=END_S)[0]

    second = site.start("up", "--demo")
    wait_until(site.answers, DEMO_S, "the site")
    second.send_signal(signal.SIGINT)
    said_second = second.communicate(timeout=END_S)[0]

    assert re.search(r"^1 +large +9\d\.\d ", said_first, re.MULTILINE)
    assert said_first.count("Sign in") == 2
    assert "large" not in said_second


def test_demo_without_workers_is_left_for_the_next_start(
    transactional_db: None, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "WAIT_FOR_WORKERS_S", 0.0)
    said = io.StringIO()

    assert demo.present(said) is False
    assert "No worker came to life" in said.getvalue()
    assert not Project.objects.exists()


def test_demo_belongs_to_the_first_administrator(experiment: Experiment) -> None:
    membership = Membership.objects.get(project=experiment.project)

    assert (membership.user.username, membership.role) == ("admin", Role.OWNER)
    assert experiment.project.is_demo


def test_demo_items_are_many_and_tagged(experiment: Experiment) -> None:
    items = Item.objects.filter(dataset__project=experiment.project)

    assert items.count() >= 60
    assert len({str(item.input) for item in items}) == len(items)
    assert {tag for item in items for tag in item.tag_list} >= {
        "sums",
        "time",
        "geography",
        "science",
        "language",
        "logic",
    }


@pytest.mark.django_db
def test_remove_demo_refuses_a_project_of_people(data: Path, project: Project, owner: User) -> None:
    with pytest.raises(ActionRefused, match="team is no demo"):
        remove_demo(project=project, by=owner)

    assert not is_removed()


@pytest.mark.django_db
def test_demo_that_is_deleted_as_any_project_does_not_come_back(data: Path) -> None:
    member = MembershipFactory(project=ProjectFactory(is_demo=True), role=Role.OWNER)

    delete_project(project=member.project, typed_name=member.project.name, by=member.user)

    assert is_removed()


@pytest.mark.django_db
def test_remove_demo_is_for_owners(data: Path) -> None:
    member = MembershipFactory(project=ProjectFactory(is_demo=True), role=Role.EDITOR)

    with pytest.raises(PermissionDenied):
        remove_demo(project=member.project, by=member.user)


def test_remove_demo_while_it_runs_is_a_conflict(experiment: Experiment) -> None:
    start_experiment(experiment=experiment, by=None)

    with pytest.raises(ActionConflict, match="goes on at this moment"):
        remove_demo(project=experiment.project, by=None)

    assert not is_removed()


@pytest.mark.django_db
def test_remove_demo_command_without_a_demo_says_so(data: Path) -> None:
    with pytest.raises(CommandFailed, match="There is no demo"):
        call_command("remove_demo")
