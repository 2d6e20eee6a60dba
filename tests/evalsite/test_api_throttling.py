"""Limits of the API: so many requests a minute of a token and of a person, then 429 with what to do."""

from typing import Any

import pytest
from django.core.cache import cache

from evalsite.api.throttling import MinuteThrottle
from tests.api_client import Api

NOON = 43_200.0


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch, settings: Any) -> list[float]:
    """The time that the limits see, 15 s into a minute; nothing has been counted."""
    now = [NOON + 15.0]
    monkeypatch.setattr(MinuteThrottle, "clock", staticmethod(lambda: now[0]))
    settings.API_REQUESTS_PER_TOKEN, settings.API_REQUESTS_PER_PERSON = 2, 3
    cache.clear()
    return now


def statuses(api: Api, count: int) -> list[int]:
    """Return the statuses of so many requests."""
    return [api.get("runs/").status_code for _ in range(count)]


def test_token_beyond_its_limit_is_told_when_to_go_on(editor: Any) -> None:
    api = Api(editor)
    assert statuses(api, 2) == [200, 200]

    refused = api.get("runs/")

    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "45")
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.json() == {
        "type": "about:blank",
        "title": "Too Many Requests",
        "status": 429,
        "detail": "Too many requests in this minute: go on in 45 s.",
    }


def test_token_goes_on_in_the_next_minute(editor: Any, clock: list[float]) -> None:
    api = Api(editor)
    assert statuses(api, 3) == [200, 200, 429]

    clock[0] += 45

    assert statuses(api, 1) == [200]


def test_wait_is_never_less_than_a_second(editor: Any, clock: list[float]) -> None:
    clock[0] = NOON + 59.9
    api = Api(editor)
    statuses(api, 2)

    assert api.get("runs/").headers["Retry-After"] == "1"


def test_another_token_of_the_person_has_its_own_limit_within_the_persons(editor: Any) -> None:
    assert statuses(Api(editor), 2) == [200, 200]

    assert statuses(Api(editor), 2) == [200, 429]


def test_another_person_is_not_held_up(editor: Any, viewer: Any) -> None:
    statuses(Api(editor), 3)

    assert statuses(Api(viewer), 1) == [200]


def test_limit_0_lets_everything_through(editor: Any, settings: Any) -> None:
    settings.API_REQUESTS_PER_TOKEN = settings.API_REQUESTS_PER_PERSON = 0

    assert statuses(Api(editor), 5) == [200] * 5


def test_request_without_a_token_is_unauthorised_not_counted(db: None) -> None:
    assert statuses(Api(), 5) == [401] * 5


def test_full_cache_that_forgets_lets_through(editor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evalsite.api.throttling.cache.add", lambda *_, **__: True)

    assert statuses(Api(editor), 5) == [200] * 5
