"""Variables of the environment: typed values, or a sentence."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from evalsite import env

NAME = "EVALSITE_OF_A_TEST"


@pytest.mark.parametrize(("text", "value"), [("", "text"), ("json", "json"), (" JSON ", "json")])
def test_choice_is_one_of_the_words(monkeypatch: pytest.MonkeyPatch, text: str, value: str) -> None:
    monkeypatch.setenv(NAME, text)

    assert env.choice(NAME, ("text", "json"), default="text") == value


def test_choice_of_another_word_is_refused_with_the_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "xml")

    with pytest.raises(ImproperlyConfigured, match=f"{NAME} is 'xml': write one of text, json"):
        env.choice(NAME, ("text", "json"), default="text")


@pytest.mark.parametrize(("text", "value"), [("", 1.0), ("0", 0.0), ("0.25", 0.25), ("1", 1.0)])
def test_share_is_a_number_from_0_to_1(monkeypatch: pytest.MonkeyPatch, text: str, value: float) -> None:
    monkeypatch.setenv(NAME, text)

    assert env.share(NAME, default=1.0) == value


@pytest.mark.parametrize("text", ["half", "-0.1", "1.1", "nan", "inf"])
def test_share_of_anything_else_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(NAME, text)

    with pytest.raises(ImproperlyConfigured, match="write a number from 0 to 1"):
        env.share(NAME, default=1.0)


def test_networks_are_addresses_and_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "10.0.0.0/8, ::1")

    assert [str(network) for network in env.networks(NAME, default=[])] == ["10.0.0.0/8", "::1/128"]


def test_networks_without_the_variable_are_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(NAME, raising=False)

    assert [str(network) for network in env.networks(NAME, default=["127.0.0.1"])] == ["127.0.0.1/32"]


@pytest.mark.parametrize("text", ["10.0.0.1/8", "prometheus", "10.0.0.0/33"])
def test_networks_that_are_none_are_refused_by_name(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(NAME, text)

    with pytest.raises(ImproperlyConfigured, match=f"{NAME}: .*write addresses or networks"):
        env.networks(NAME, default=[])


def test_broker_is_the_database_unless_redis_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EVALSITE_BROKER", raising=False)

    assert env.broker() == {"orm": "default", "broker_class": "runs.queue.database_broker.DatabaseBroker"}


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("unix:///run/redis.sock", "unix:///run/redis.sock?socket_timeout=3"),
        ("redis://:word@cache:6379/1", "redis://:word@cache:6379/1?socket_connect_timeout=3&socket_timeout=3"),
        ("rediss://cache?socket_timeout=5", "rediss://cache?socket_connect_timeout=3&socket_timeout=5"),
    ],
)
def test_broker_redis_is_at_its_url_and_does_not_wait_for_ever(
    monkeypatch: pytest.MonkeyPatch, url: str, kept: str
) -> None:
    monkeypatch.setenv("EVALSITE_BROKER", "redis")
    monkeypatch.setenv("REDIS_URL", url)

    assert env.broker() == {"redis": kept, "broker_class": "runs.queue.redis_broker.RedisBroker"}


@pytest.mark.parametrize("url", ["", "cache:6379", "http://cache"])
def test_broker_redis_without_a_url_of_redis_is_refused(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("EVALSITE_BROKER", "redis")
    monkeypatch.setenv("REDIS_URL", url)

    with pytest.raises(ImproperlyConfigured, match="set REDIS_URL to redis://"):
        env.broker()


def test_broker_redis_without_its_client_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVALSITE_BROKER", "redis")
    monkeypatch.setenv("REDIS_URL", "unix:///run/redis.sock")
    monkeypatch.setattr(env, "find_spec", lambda name: None)

    with pytest.raises(ImproperlyConfigured, match="evalsite\\[redis\\]"):
        env.broker()


def test_wants_without_the_variable_asks_for_no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(NAME, raising=False)

    assert not env.wants(NAME, module="no_such_package.inside")


@pytest.mark.parametrize("module", ["no_such_package.inside", "json.no_such_module"])
def test_wants_what_is_not_installed_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    monkeypatch.setenv(NAME, "true")

    with pytest.raises(ImproperlyConfigured, match=r"is not installed: pip install 'evalsite\[otel\]'"):
        env.wants(NAME, module=module)


def test_wants_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "1")

    assert env.wants(NAME, module="json.decoder")


def test_database_of_a_url_takes_what_it_says_of_the_connection(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://ann:pass%40@db:5433/site?sslmode=require&connect_timeout=3")

    told = env.database(tmp_path)

    assert (told["HOST"], told["PORT"], told["USER"], told["PASSWORD"]) == ("db", "5433", "ann", "pass@")
    assert {name: told["OPTIONS"][name] for name in ("sslmode", "connect_timeout", "keepalives_idle")} == {
        "sslmode": "require",
        "connect_timeout": "3",
        "keepalives_idle": "10",
    }
