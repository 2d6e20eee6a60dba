"""A provider is paused and goes on, by page, API and command line; its limits are seen as they are used."""

import io
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from experiments.actions import ActionConflict, pause_provider, resume_provider
from experiments.models import Project, Provider
from runs.limits.ledger import Ask
from runs.limits.shares import Report, take_share
from runs.models import ProviderPace
from tests.api_client import Api
from tests.factories import LaneFactory, ProviderFactory, RunFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider(project: Project) -> Provider:
    """A provider with limits of the minute."""
    return ProviderFactory(project=project, name="local", max_in_flight=8, requests_per_minute=600)


def share_of(provider: Provider) -> tuple[int, int]:
    """Return the calls in flight and of the minute that a lane gets."""
    report = Report(wanted=20, held=0, open=3, waiting=17, ask=Ask(20))
    share = take_share(provider_id=provider.pk, lane_id=LaneFactory().pk, report=report)
    return share.in_flight, share.grant.calls if share.grant else 0


def test_paused_provider_gives_no_lane_a_call(provider: Provider, editor: User) -> None:
    pause_provider(provider=provider, by=editor)

    assert share_of(provider) == (0, 0)
    assert provider.pause_reason == f"paused by {editor}"


def test_resumed_provider_gives_calls_again(provider: Provider, editor: User) -> None:
    pause_provider(provider=provider, by=editor)

    resume_provider(provider=provider, by=editor)

    assert share_of(provider) == (8, 11)


def test_pause_twice_and_resume_of_what_goes_on_are_conflicts(provider: Provider, editor: User) -> None:
    with pytest.raises(ActionConflict, match="not paused"):
        resume_provider(provider=provider, by=editor)
    pause_provider(provider=provider, by=editor)
    with pytest.raises(ActionConflict, match="paused already"):
        pause_provider(provider=provider, by=editor)


def test_pause_is_not_for_viewers(provider: Provider, viewer: User) -> None:
    with pytest.raises(PermissionDenied):
        pause_provider(provider=provider, by=viewer)


def test_run_at_a_paused_provider_says_why_it_waits(provider: Provider, editor: User) -> None:
    run = RunFactory(provider=provider, status="running")

    pause_provider(provider=provider, by=editor)
    run.refresh_from_db()

    assert run.reason == f"waits: local is paused by {editor}"


def test_page_pauses_and_lets_go_on(client: Client, editor: User, provider: Provider) -> None:
    client.force_login(editor)

    client.post(reverse("experiments:provider-pause", args=[provider.uid]))
    paused = client.get(reverse("experiments:provider-detail", args=[provider.uid])).content.decode()
    client.post(reverse("experiments:provider-resume", args=[provider.uid]))
    resumed = client.get(reverse("experiments:provider-detail", args=[provider.uid])).content.decode()

    assert f"No call begins: paused by {editor}" in paused
    assert "Resume calls" in paused
    assert "Pause calls" in resumed


def test_page_shows_how_the_limits_are_used(client: Client, viewer: User, provider: Provider) -> None:
    client.force_login(viewer)
    share_of(provider)

    page = client.get(reverse("experiments:provider-limits", args=[provider.uid])).content.decode()

    assert "<dd>3 of 8</dd>" in page
    assert "<dd>11 of 600</dd>" in page
    assert "Pause calls" not in page


@pytest.mark.parametrize(("name", "method"), [("limits", "get"), ("pause", "post"), ("resume", "post")])
def test_limits_of_a_stranger_are_a_404(
    client: Client, stranger: User, provider: Provider, name: str, method: str
) -> None:
    client.force_login(stranger)

    assert getattr(client, method)(reverse(f"experiments:provider-{name}", args=[provider.uid])).status_code == 404


def test_api_pauses_shows_and_lets_go_on(editor: User, provider: Provider) -> None:
    api = Api(editor)
    ProviderPace.objects.create(provider=provider, share_of_limit=0.5)
    share_of(provider)

    paused = api.post(f"providers/{provider.uid}/pause/")
    again = api.post(f"providers/{provider.uid}/pause/")
    limits: dict[str, Any] = api.get(f"providers/{provider.uid}/limits/").json()
    resumed = api.post(f"providers/{provider.uid}/resume/")

    assert (paused.status_code, paused.json()["pause_reason"]) == (200, f"paused by {editor}")
    assert again.status_code == 409
    assert (limits["in_flight"], limits["waiting"], limits["requests_last_minute"]) == (3, 17, 6)
    assert (limits["share_of_limit"], limits["throttled_at"]) == (0.5, None)
    assert resumed.json()["pause_reason"] == ""


def test_command_pauses_and_shows(provider: Provider) -> None:
    out = io.StringIO()

    call_command("provider", "local", "--project", provider.project.name, "--pause", stdout=out)

    assert "calls: paused by the operator" in out.getvalue()
    assert "requests in the last minute: 0 of 600" in out.getvalue()
