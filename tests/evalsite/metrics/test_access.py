"""Who may read the metrics."""

from ipaddress import ip_network

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from evalsite.metrics.access import may_read_metrics

TOKEN = "a-token-of-the-tests-that-is-long"


@pytest.fixture(autouse=True)
def only_loopback(settings: Settings) -> None:
    """No token; this machine alone."""
    settings.METRICS_TOKEN = ""
    settings.METRICS_FROM = [ip_network("127.0.0.0/8"), ip_network("::1")]


@pytest.mark.parametrize(
    ("address", "is_allowed"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("10.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("2001:db8::1", False),
        ("", False),
        ("unix", False),
    ],
)
def test_metrics_without_a_token_are_for_this_machine(rf: RequestFactory, address: str, is_allowed: bool) -> None:
    assert may_read_metrics(rf.get("/metrics", REMOTE_ADDR=address)) is is_allowed


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_metrics_through_a_proxy_nobody_told_of_are_refused(rf: RequestFactory, name: str) -> None:
    assert not may_read_metrics(rf.get("/metrics", headers={name: "127.0.0.1"}))


def test_metrics_behind_a_known_proxy_ask_for_the_address_it_names(rf: RequestFactory, settings: Settings) -> None:
    settings.BEHIND_PROXY = True

    assert may_read_metrics(rf.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}))


@pytest.mark.parametrize(
    ("header", "is_allowed"),
    [
        (f"Bearer {TOKEN}", True),
        (f"Bearer {TOKEN}x", False),
        ("Bearer ", False),
        (TOKEN, False),
        (f"Basic {TOKEN}", False),
        ("Bearer é", False),
    ],
)
def test_metrics_with_a_token_are_for_whoever_has_it(
    rf: RequestFactory, settings: Settings, header: str, is_allowed: bool
) -> None:
    settings.METRICS_TOKEN, settings.METRICS_FROM = TOKEN, []

    assert may_read_metrics(rf.get("/metrics", headers={"Authorization": header})) is is_allowed


def test_metrics_without_a_token_set_an_empty_one_opens_nothing(rf: RequestFactory, settings: Settings) -> None:
    settings.METRICS_FROM = []

    assert not may_read_metrics(rf.get("/metrics", headers={"Authorization": "Bearer "}))
