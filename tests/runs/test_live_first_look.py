"""How fast runs go, for whoever looks for the first time."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from runs.live import first_look
from runs.live.first_look import first_rates
from runs.models import Run
from tests.factories import ItemFactory, ResultFactory, RunFactory

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def running(*ages_s: float, since_s: float = 100) -> Run:
    """Return a run that goes on since so many seconds, with a result of each age."""
    now, item = timezone.now(), ItemFactory()
    run = RunFactory(started_at=now - timedelta(seconds=since_s))
    for ordinal, age_s in enumerate(ages_s):
        ResultFactory(run=run, ordinal=ordinal, item=item, finished_at=now - timedelta(seconds=age_s))
    return run


@pytest.mark.parametrize(
    ("ages_s", "since_s", "rate"),
    [
        ((), 5, None),
        ((60, 50), 100, None),
        ((60, 50, 9, 5, 4, 1), 100, 4 / 20),
        ((9, 5, 4, 1), 10, 4 / 10),
    ],
    ids=["nothing yet", "nothing lately", "the last seconds", "begun lately"],
)
def test_first_rate_is_that_of_the_last_seconds(ages_s: tuple[float, ...], since_s: float, rate: float | None) -> None:
    run = running(*ages_s, since_s=since_s)

    assert first_rates({run: len(ages_s)})[run.pk] == (None if rate is None else pytest.approx(rate, rel=0.1))


def test_first_rate_of_many_results_is_that_of_the_latest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_look, "MOST_RESULTS", 4)
    run = running(12, 11, 8, 7, 6, 5)

    assert first_rates({run: 6})[run.pk] == pytest.approx(4 / 8, rel=0.1)


def test_first_rates_of_many_runs_take_one_query() -> None:
    runs = [running(2.0), running(4.0, 2.0), running()]

    with CaptureQueriesContext(connection) as queries:
        rates = first_rates(dict(zip(runs, (1, 2, 0), strict=True)))

    assert len(queries) == 1
    assert [rates[run.pk] for run in runs] == [pytest.approx(1 / 20, rel=0.1), pytest.approx(2 / 20, rel=0.1), None]
