"""Why runs stand still: what their lanes say they cannot do, on every page and in the API, live too."""

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings
from rich.console import Console

from experiments.models import Membership
from runs.lanes.notes import Notes
from runs.live.standstill import standstill_of, standstills_of
from runs.live.streams import Looker, Topic
from runs.live.watching import progress_of
from runs.models import Lane, Run
from runs.terminal import ProgressDisplay
from tests.api_client import Api
from tests.factories import LaneFactory, MembershipFactory
from tests.runs.planned import claimed, planned_run

pytestmark = pytest.mark.django_db

FULL = "the database cannot be written: database or disk is full"
SENTENCE = f"waits, nothing is lost: {FULL}"


@pytest.fixture(autouse=True)
def journal(settings: Settings, tmp_path: Path) -> Path:
    """Where lanes note what they cannot do."""
    settings.JOURNAL_DIR = tmp_path
    return tmp_path


@pytest.fixture
def run() -> Run:
    """A run of which a lane works on a unit."""
    run = planned_run(20)
    claimed(LaneFactory(), run)
    run.refresh_from_db()
    return run


@pytest.fixture
def full(run: Run, journal: Path) -> Notes:
    """What the lane of the run says: it cannot write."""
    notes = Notes(journal, Lane.objects.get().pk)
    notes.say(FULL)
    return notes


def member(run: Run) -> Membership:
    membership: Membership = MembershipFactory(project=run.experiment.project)
    return membership


@pytest.mark.parametrize("address", ["runs:run-summary", "experiments:experiment-progress", "home-now"])
def test_every_page_of_a_run_says_why_it_waits(run: Run, full: Notes, client: Client, address: str) -> None:
    client.force_login(member(run).user)
    uids = {"runs:run-summary": [run.uid], "experiments:experiment-progress": [run.experiment.uid], "home-now": []}

    page = client.get(reverse(address, args=uids[address])).content.decode()

    assert SENTENCE in page


def test_api_says_why_a_run_waits_in_lists_and_details(run: Run, full: Notes) -> None:
    api = Api(member(run).user)

    listed = api.get("runs/").json()["items"]
    detail = api.get(f"runs/{run.uid}/").json()

    assert [one["status_reason"] for one in listed] == [SENTENCE]
    assert detail["status_reason"] == SENTENCE


@pytest.mark.django_db(transaction=True)  # a look closes its connection
def test_live_pages_are_told_that_a_run_waits_and_that_it_goes_on(run: Run, full: Notes) -> None:
    look = Looker()

    waiting = look([Topic(run=run.pk)], []).rows
    full.say("")
    going_on = look([Topic(run=run.pk)], []).rows

    assert waiting != going_on
    assert going_on == look([Topic(run=run.pk)], []).rows


def test_terminal_says_once_why_a_run_waits(run: Run, full: Notes) -> None:
    console = Console(record=True, width=200)
    display = ProgressDisplay(console, [run.pk])

    _ = [display.watch(until=lambda: True) for _ in range(3)]

    assert console.export_text().count(SENTENCE) == 1
    assert progress_of([run.pk])[0].reason == SENTENCE


def test_run_that_no_lane_holds_waits_for_what_all_lanes_wait_for(run: Run, full: Notes) -> None:
    other = planned_run(20)

    assert standstills_of([run, other]) == {run.pk: SENTENCE, other.pk: SENTENCE}


def test_run_of_a_lane_that_is_well_or_gone_waits_for_nothing(run: Run, full: Notes, journal: Path) -> None:
    other = planned_run(20)
    claimed(LaneFactory(), other)
    Notes(journal, 4711).say("said by a lane that is gone")

    assert standstills_of([other]) == {}


def test_run_that_was_paused_says_that(run: Run, full: Notes) -> None:
    run.pause("paused by somebody")

    assert standstill_of(run) == "paused by somebody"


def test_nothing_is_asked_while_all_lanes_are_well(
    run: Run, full: Notes, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    full.say("")
    found = Run.objects.select_related("provider").get()

    with django_assert_num_queries(0):
        assert standstill_of(found) == ""
