"""Asking once more what a result answered."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from runs.actions import latest_again, run_again
from runs.models import Result, Run
from tests.factories import LaneFactory, ResultFactory, TranscriptFactory
from tests.people import member_of
from tests.runs.planned import claimed, sums
from tests.scoring.compared import scored_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def run() -> Run:
    """A completed run over two sums."""
    return scored_run(sums(2), "10")


def second(run: Run) -> Result:
    """Return the result of the second item."""
    return Result.objects.select_related("item").get(pk=run.pk << 32 | 1)


def test_run_again_asks_the_same_item_and_keeps_the_result(run: Run) -> None:
    item = run.experiment.dataset_version.items[1]  # type: ignore[union-attr]
    Result.objects.filter(pk=run.pk << 32 | 1).update(item=item)

    again = run_again(run=run, result=second(run), by=member_of(run.experiment.project, "editor"))

    held = claimed(LaneFactory(), again)
    (case,) = held.cases.values()
    assert (case.key, case.expected) == ("sum-1", "2")
    assert (again.is_ad_hoc, again.planned_count) == (True, 1)
    assert {name: again.config[name] for name in run.config} == run.config
    assert Result.objects.of_run(run).count() == 2


def test_latest_again_is_the_newest_of_this_item(run: Run) -> None:
    first = Result.objects.select_related("item").get(pk=run.pk << 32)
    run_again(run=run, result=second(run), by=None)
    newest = run_again(run=run, result=second(run), by=None)

    assert latest_again(run, second(run)) == newest
    assert latest_again(run, first) is None


def test_viewer_may_not_run_again(run: Run) -> None:
    with pytest.raises(PermissionDenied):
        run_again(run=run, result=second(run), by=member_of(run.experiment.project, "viewer"))

    assert not Run.objects.filter(is_ad_hoc=True).exists()


def post(run: Run, role: str, **headers: str) -> Any:
    """Return the answer to the button."""
    client = Client(headers=headers)
    client.force_login(member_of(run.experiment.project, role))
    return client.post(reverse("runs:result-run-again", args=[run.uid, 1]))


def test_button_shows_the_progress_in_its_place(run: Run) -> None:
    found = post(run, "editor", HX_Request="true")

    assert 'hx-trigger="every 1s"' in found.content.decode()
    assert "Asking" in found.content.decode()


def test_button_leads_back_without_htmx(run: Run) -> None:
    assert post(run, "editor").status_code == 302


def test_button_is_forbidden_to_viewers(run: Run) -> None:
    assert post(run, "viewer").status_code == 403


def test_answer_stands_beside_the_stored_one(run: Run) -> None:
    again = run_again(run=run, result=second(run), by=None)
    result = ResultFactory(run=again, ordinal=0, item=second(run).item)
    TranscriptFactory(
        result=result, body=[{"role": "assistant", "parts": [{"type": "text", "text": "another answer"}]}]
    )
    client = Client()
    client.force_login(member_of(run.experiment.project, "viewer"))

    found = client.get(reverse("runs:result-again", args=[run.uid, 1])).content.decode()

    assert "another answer" in found
    assert "Run again" not in found
    assert "every 1s" not in found
