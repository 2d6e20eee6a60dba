"""What every test has: no network, an SQLite file as database, the live site and a browser where asked for."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, settings
from playwright.sync_api import ConsoleMessage, Page

from tests import browser_setup, live, network

BROWSER_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
pytest_plugins = ["tests.people"]
SERIAL = ("browser", "processes")
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")  # how long examples take on a busy machine says nothing of what they show
NO_POSTGRES = "This test needs PostgreSQL: run `make test-postgres`, or `python -m tests.postgres_server pytest ...`."


def pytest_configure(config: pytest.Config) -> None:
    """Block the network for the whole process."""
    network.block()


def pytest_itemcollected(item: pytest.Item) -> None:
    """Keep the tests that need the machine for themselves one after the other when there are several workers."""
    for name in SERIAL:
        if item.get_closest_marker(name):
            item.add_marker(pytest.mark.xdist_group(name))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put browser tests last, since Playwright leaves an event loop running in their thread.

    Tests for PostgreSQL alone are left to the run that has one, and those of faults in their long form to
    `make test-faults`, unless somebody asked for them by their mark.
    """
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)
    left = {"postgres"} if connection.vendor != "postgresql" else set()
    for mark in (left | {"faults"}) - set(config.option.markexpr.split()):
        elsewhere = {item for item in items if item.get_closest_marker(mark)}
        config.hook.pytest_deselected(items=list(elsewhere))
        items[:] = [item for item in items if item not in elsewhere]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fail a test for PostgreSQL that runs on another database; it would prove nothing."""
    if item.get_closest_marker("postgres") and connection.vendor != "postgresql":
        pytest.fail(NO_POSTGRES, pytrace=False)


@pytest.fixture(autouse=True)
def _nothing_was_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget how fast runs went in earlier tests: theirs had the same keys."""
    monkeypatch.setattr("runs.live.pace._meter._seen", {})


@pytest.fixture
def live_site(transactional_db: None) -> Iterator[str]:
    """The site on a real port; its address."""
    with live.served_site() as address:
        yield address


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """How Playwright starts the machine's own browser."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's loop runs in the thread of the tests
    return {**browser_type_launch_args, "executable_path": str(browser_setup.require()), "args": BROWSER_FLAGS}


@pytest.fixture(scope="session")
def base_url() -> None:
    """No address is the base: each test has its own site, and Playwright's own fixture is a deprecated method."""


@pytest.fixture
def console_errors() -> list[str]:
    """What the pages of this test complained of; a test that expects a complaint checks it and clears the list."""
    return []


@pytest.fixture
def page(page: Page, console_errors: list[str]) -> Iterator[Page]:
    """A page of the browser; the test fails when its console shows an error or a script throws."""

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            console_errors.append(f"{message.text} ({message.location.get('url', '')})")

    page.on("console", note)
    page.on("pageerror", lambda error: console_errors.append(str(error)))
    yield page
    assert console_errors == []
