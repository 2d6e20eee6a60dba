"""How fast runs go, and what an experiment is doing."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from experiments.models import Experiment, Project
from runs.activity import DRAFT, with_status
from runs.models import Run, RunStatus
from runs.pace import Pace, paces_of
from runs.progress import Totals
from tests.boards import experiment_in, run_of

CALLS_OF_2_S = {"call": [10, 0, 20_000.0, {"156": 10}]}


def pace(*, results: int = 0, in_flight: int = 0, call_ms: float | None = None, status: str = "running") -> Pace:
    """Return the pace of a run of 100 planned results."""
    totals = Totals(results=results, outcomes={"ok": results}, open_calls=in_flight)
    return Pace(Run(planned_count=100, status=status), totals, call_ms)


def test_pace_is_calls_in_flight_by_their_duration() -> None:
    one = pace(results=20, in_flight=16, call_ms=2000)

    assert (one.rate, one.seconds_left) == (8.0, 10.0)


@pytest.mark.parametrize(
    "still", [pace(results=20, call_ms=2000), pace(in_flight=16), pace(in_flight=4, call_ms=9, status="paused")]
)
def test_pace_of_what_stands_still_is_unknown(still: Pace) -> None:
    assert (still.rate, still.seconds_left) == (None, None)


def test_pace_in_flight_never_exceeds_what_is_left() -> None:
    assert pace(results=99, in_flight=16).in_flight == 1


@pytest.mark.parametrize(("results", "share"), [(0, 0.0), (25, 0.25), (120, 1.0)])
def test_pace_share_done_stays_within_1(results: int, share: float) -> None:
    assert pace(results=results).share_done == share


def test_paces_come_in_order_with_one_query(project: Project) -> None:
    experiment = experiment_in(project)
    runs = [run_of(experiment, status=RunStatus.RUNNING, ok_count=1, stages=CALLS_OF_2_S) for _ in range(3)]

    with CaptureQueriesContext(connection) as queries:
        paces = paces_of(runs[::-1])

    assert len(queries) == 1
    assert [one.run for one in paces] == runs[::-1]
    assert [one.call_ms for one in paces] == [2000.0] * 3


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([], DRAFT),
        (["completed"], "completed"),
        (["completed", "failed"], "failed"),
        (["completed", "paused", "failed"], "paused"),
        (["paused", "running", "pending"], "running"),
    ],
)
def test_status_of_an_experiment_is_that_of_its_most_active_run(
    project: Project, statuses: list[str], expected: str
) -> None:
    experiment = experiment_in(project)
    [run_of(experiment, status=status, score=None) for status in statuses]

    found: Any = with_status(Experiment.objects.all()).get()

    assert found.status == expected
