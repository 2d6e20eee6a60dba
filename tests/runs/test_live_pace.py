"""How fast runs go, and what an experiment is doing."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from experiments.models import Experiment, Project
from runs.live.activity import DRAFT, with_status
from runs.live.pace import Meter, Pace, counted_paces_of, paces_of
from runs.live.progress import Totals
from runs.models import Run, RunStatus
from tests.boards import experiment_in, run_of


def pace(*, results: int = 0, in_flight: int = 0, rate: float | None = None) -> Pace:
    """Return the pace of a run of 100 planned results."""
    totals = Totals(results=results, outcomes={"ok": results}, open_calls=in_flight)
    return Pace(Run(planned_count=100, status=RunStatus.RUNNING), totals, rate)


def measured(*looks: tuple[float, int], status: str = RunStatus.RUNNING) -> float | None:
    """Return the rate after looks at a run, each at so many seconds with so many results."""
    times = iter([at for at, _ in looks])
    meter, run = Meter(clock=lambda: next(times)), Run(pk=1, status=status)
    return [meter.rate(run, results) for _, results in looks][-1]


@pytest.mark.parametrize(
    ("looks", "rate"),
    [
        ([(0, 10)], None),
        ([(0, 10), (1, 20)], None),
        ([(0, 10), (4, 30)], 5.0),
        ([(0, 10), (4, 10)], None),
        ([(0, 0), (100, 400), (104, 420)], 5.0),
        ([(0, 30), (2, 10), (6, 30)], 5.0),
    ],
    ids=["one look", "too soon", "grows", "stands still", "old looks are forgotten", "a retry takes results out"],
)
def test_meter_says_how_counts_grew(looks: list[tuple[float, int]], rate: float | None) -> None:
    assert measured(*looks) == rate


def test_meter_of_a_paused_run_says_nothing() -> None:
    assert measured((0, 10), (4, 30), status=RunStatus.PAUSED) is None


def test_pace_tells_the_time_left() -> None:
    assert pace(results=20, rate=8.0).seconds_left == 10.0


@pytest.mark.parametrize("one", [pace(results=20), pace(results=100, rate=8.0)])
def test_pace_of_what_stands_still_has_no_time_left(one: Pace) -> None:
    assert one.seconds_left is None


def test_pace_in_flight_never_exceeds_what_is_left() -> None:
    assert pace(results=99, in_flight=16).in_flight == 1


@pytest.mark.parametrize(("results", "share"), [(0, 0.0), (25, 0.25), (120, 1.0)])
def test_pace_share_done_stays_within_1(results: int, share: float) -> None:
    assert pace(results=results).share_done == share


def test_paces_come_in_order_with_one_query_and_at_the_first_look_another(project: Project) -> None:
    experiment = experiment_in(project)
    runs = [run_of(experiment, status=RunStatus.RUNNING, ok_count=1) for _ in range(3)]

    with CaptureQueriesContext(connection) as queries:
        paces = paces_of(runs[::-1])

    assert len(queries) == 2
    assert [one.run for one in paces] == runs[::-1]
    assert [one.done for one in paces] == [1, 1, 1]


@pytest.mark.both
def test_counted_paces_have_the_counts_and_costs_of_the_units_with_as_few_queries(project: Project) -> None:
    experiment = experiment_in(project)
    runs = [run_of(experiment, status=RunStatus.RUNNING, ok_count=2, timeout_count=1, cost_usd="0.5") for _ in range(3)]
    unpriced = run_of(experiment, status=RunStatus.RUNNING, ok_count=1, unpriced_count=1)

    with CaptureQueriesContext(connection) as queries:
        paces = counted_paces_of([unpriced, *runs])

    assert len(queries) == 2
    assert [one.totals.cost_usd for one in paces] == [None, *[Decimal("0.5")] * 3]
    assert [(one.done, one.totals.error_count) for one in paces] == [(1, 0), *[(2, 1)] * 3]


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
