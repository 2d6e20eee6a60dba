"""What the metrics are read from."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from evalsite.metrics.readings import MOST_PROVIDERS, Counted, Line, LineNow, Reader, Timed
from runs.models import Lane, ProviderShare, Run, UnitState, WorkUnit
from tests.factories import LaneFactory, ProjectFactory, ProviderFactory, ResultFactory, RunFactory, WorkUnitFactory

pytestmark = [pytest.mark.django_db, pytest.mark.both]
QUERIES = 10


def line_of(run: Run) -> Line:
    """Return the labels of a run's provider."""
    return Line(run.experiment.project.name, run.provider.name, run.provider.kind)


def unit_with(run: Run, **values: Any) -> WorkUnit:
    """Return a unit of the run that has these counters."""
    return WorkUnitFactory(run=run, length=100, **values)


def test_reading_of_an_empty_site_has_every_status_and_no_line() -> None:
    reading = Reader().read()

    assert reading.runs == dict.fromkeys(("pending", "running", "paused", "completed", "failed", "cancelled"), 0)
    assert (reading.waiting_units, reading.waiting_results, reading.lines) == (0, 0, {})


def test_reading_sums_the_counters_of_units() -> None:
    run = RunFactory()
    unit_with(run, ok_count=5, timeout_count=1, tokens_in=70, cost_usd="0.25", wait_ms=1500)
    unit_with(run, first=100, ok_count=2, attempt_count=3)

    counted = Reader().read().counted

    line = line_of(run)
    assert counted[Counted(line, "ok_count")] == 7
    assert counted[Counted(line, "timeout_count")] == 1
    assert counted[Counted(line, "attempt_count")] == 3
    assert counted[Counted(line, "tokens_in")] == 70
    assert counted[Counted(line, "cost_usd")] == 0.25
    assert counted[Counted(line, "wait_ms")] == 1500


def test_reading_again_counts_what_came_since() -> None:
    reader, run = Reader(), RunFactory()
    unit = unit_with(run, ok_count=5)
    reader.read()

    WorkUnit.objects.filter(pk=unit.pk).update(ok_count=9)

    assert reader.read().counted[Counted(line_of(run), "ok_count")] == 9


def test_reading_again_after_a_retry_takes_nothing_away() -> None:
    reader, run = Reader(), RunFactory()
    unit = unit_with(run, timeout_count=5)
    reader.read()

    WorkUnit.objects.filter(pk=unit.pk).update(timeout_count=0)

    assert reader.read().counted[Counted(line_of(run), "timeout_count")] == 5


def test_reading_old_runs_count_at_the_first_look() -> None:
    run = RunFactory(status="completed", completed_at=timezone.now() - timedelta(days=30))
    unit_with(run, ok_count=5, stages={"call": [5, 0, 50.0, {"47": 5}]})

    reading = Reader().read()

    assert reading.counted[Counted(line_of(run), "ok_count")] == 5
    assert not reading.timed


def test_reading_times_fall_under_the_next_bound() -> None:
    run = RunFactory()
    unit_with(run, ok_count=3, stages={"call": [3, 0, 61_000.0, {"-1": 1, "94": 1, "225": 1}]})

    timed, kind = Reader().read().timed, run.provider.kind

    assert timed[Timed(kind, "call", 0)] == 1
    assert timed[Timed(kind, "call", 4)] == 1  # 1.05^94 ms is 98 ms
    assert timed[Timed(kind, "call", 12)] == 1  # 1.05^225 ms is 58.6 s
    assert timed[Timed(kind, "call", None)] == 61


def test_reading_times_of_a_unit_that_grows_are_counted_once() -> None:
    reader, run = Reader(), RunFactory()
    unit = unit_with(run, ok_count=1, stages={"call": [1, 0, 10.0, {"47": 1}]})
    reader.read()
    WorkUnit.objects.filter(pk=unit.pk).update(ok_count=2, stages={"call": [2, 0, 30.0, {"47": 2}]})
    reader.read()

    timed = reader.read().timed

    assert timed[Timed(run.provider.kind, "call", 1)] == 2
    assert timed[Timed(run.provider.kind, "call", None)] == pytest.approx(0.03)


def test_reading_open_calls_limits_and_waiting_are_those_of_the_lanes() -> None:
    run, lane = RunFactory(status="running", case_list__case_count=200), LaneFactory()
    unit_with(run, state=UnitState.CLAIMED, lane=lane, open_calls=6)
    unit_with(run, first=100)
    ProviderShare.objects.create(provider=run.provider, lane=lane, granted=8, wanted=12, waiting_count=4)

    reading = Reader().read()

    assert reading.lines == {line_of(run): LineNow(in_flight=6, granted=8, waiting=4)}
    assert (reading.waiting_units, reading.waiting_results) == (1, 100)


def test_reading_units_of_a_paused_run_do_not_wait() -> None:
    unit_with(RunFactory(status="paused", status_reason="by hand"))

    assert Reader().read().waiting_units == 0


def test_reading_beats_age_while_they_stand_still(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, now = Reader(), [100.0]
    reader._watch.clock = lambda: now[0]
    still, moving = LaneFactory(host="a"), LaneFactory(host="b")
    first = reader.read().beats
    now[0] += 15
    Lane.objects.beat_once(moving.pk)

    second = reader.read().beats

    assert first == {("lane", "a"): (1, 0.0), ("lane", "b"): (1, 0.0)}
    assert second == {(still.kind, "a"): (1, 15.0), (moving.kind, "b"): (1, 0.0)}


def test_reading_providers_beyond_the_hundredth_share_a_name() -> None:
    project = ProjectFactory()
    first = [ProviderFactory(project=project) for _ in range(MOST_PROVIDERS)]
    late = ProviderFactory(project=project, kind="openai")
    for provider in (first[-1], late):
        unit_with(RunFactory(candidate__provider=provider), ok_count=1)

    counted = Reader().read().counted

    assert {named.line.provider for named in counted} == {first[-1].name, "other"}
    assert counted[Counted(Line("other", "other", "openai"), "ok_count")] == 1


def test_reading_asks_the_same_number_of_queries_however_much_there_is(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(20):
        run = RunFactory(status="running")
        unit_with(run, ok_count=1, state=UnitState.CLAIMED, lane=LaneFactory())
        ResultFactory(run=run)

    with django_assert_num_queries(QUERIES) as asked:
        Reader().read()

    assert not [query["sql"] for query in asked.captured_queries if "runs_result" in query["sql"]]
