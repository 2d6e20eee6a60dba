"""Providers: what they may hold, and whose keys they may name."""

from decimal import Decimal
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied

from experiments.actions import ActionRefused, create_provider, edit_provider
from experiments.credentials import KeyNotAllowed, key_state, provider_key
from experiments.models import Project, Provider
from tests.factories import ProviderFactory

pytestmark = pytest.mark.django_db
URL = "http://127.0.0.1:9/v1"


def created(project: Project, **others: Any) -> Provider:
    """Return a provider that its values make."""
    return create_provider(
        **{"project": project, "by": None, "name": "local", "kind": "openai", "base_url": URL} | others
    )


def test_create_provider_by_the_operator_may_name_any_key(project: Project) -> None:
    provider = created(project, api_key_env="GATEWAY_API_KEY")

    assert provider.is_from_command_line


def test_create_provider_by_an_editor_is_not_from_the_command_line(project: Project, editor: Any) -> None:
    provider = created(project, by=editor, prices={"small": {"input": 0.5, "output": 1}}, headers={"X-Team": "evals"})

    assert (provider.is_from_command_line, provider.max_in_flight) == (False, 16)


def test_create_provider_with_a_taken_name_is_refused(project: Project) -> None:
    created(project)

    with pytest.raises(ActionRefused, match='there is a provider "local" in team already'):
        created(project)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "n" * 101}, "name"),
        ({"kind": "magic"}, "kind"),
        ({"base_url": "127.0.0.1:9"}, "base_url"),
        ({"base_url": "file:///etc/passwd"}, "base_url"),
        ({"base_url": "http://"}, "base_url"),
        ({"base_url": "http://x\ny/v1"}, "base_url"),
        ({"base_url": "http://ann:secret@example.com/v1"}, "base_url"),
        ({"name": "two\nlines"}, "name"),
        ({"base_url": "http://x/" + "y" * 500}, "base_url"),
        ({"options": {"colour": "red"}}, "options"),
        ({"headers": ["X-Team"]}, "headers"),
        ({"headers": {"X-Team": 7}}, "headers"),
        ({"headers": {"X Team": "evals"}}, "headers"),
        ({"headers": {"X-Team": "a\r\nX-Other: b"}}, "headers"),
        ({"headers": {"authorization": "Bearer x"}}, "headers"),
        ({"max_in_flight": 0}, "max_in_flight"),
        ({"max_in_flight": 10_001}, "max_in_flight"),
        ({"max_in_flight": None}, "max_in_flight"),
        ({"requests_per_minute": 0}, "requests_per_minute"),
        ({"tokens_per_minute": 2**31}, "tokens_per_minute"),
        ({"timeout_s": 0}, "timeout_s"),
        ({"timeout_s": float("inf")}, "timeout_s"),
        ({"prices": []}, "prices"),
        ({"prices": {"small": {"input": 1}}}, "prices"),
        ({"prices": {"small": {"input": -1, "output": 1}}}, "prices"),
        ({"prices": {"small": {"input": float("nan"), "output": 1}}}, "prices"),
        ({"prices": {"small": {"input": True, "output": 1}}}, "prices"),
        ({"api_key_env": "sk-proj-12345"}, "api_key_env"),
        ({"api_key_env": "HOME"}, "api_key_env"),
        ({"is_from_command_line": True}, "is_from_command_line"),
    ],
)
def test_create_provider_with_unfit_values_names_the_field(
    project: Project, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(ActionRefused) as refusal:
        created(project, **values)

    assert refusal.value.field == field


def test_create_provider_by_an_editor_with_a_key_is_denied(project: Project, editor: Any) -> None:
    with pytest.raises(PermissionDenied):
        created(project, by=editor, api_key_env="GATEWAY_API_KEY")


def test_create_provider_by_an_owner_with_a_key_that_was_not_given_is_refused(project: Project, owner: Any) -> None:
    with pytest.raises(ActionRefused, match='EVALSITE_PROVIDER_ENV="team:GATEWAY_API_KEY"'):
        created(project, by=owner, api_key_env="GATEWAY_API_KEY")


@pytest.mark.parametrize("given", ["team:GATEWAY_API_KEY", "*:GATEWAY_API_KEY"])
def test_create_provider_by_an_owner_with_a_given_key_names_it(
    project: Project, owner: Any, settings: LazySettings, given: str
) -> None:
    settings.PROVIDER_ENV = [given]

    assert created(project, by=owner, api_key_env="GATEWAY_API_KEY").api_key_env == "GATEWAY_API_KEY"


def test_edit_provider_changes_limits_and_keeps_the_operator_as_its_maker(project: Project, editor: Any) -> None:
    provider = created(project, api_key_env="GATEWAY_API_KEY")

    edited = edit_provider(provider=provider, changes={"max_in_flight": 4, "base_url": URL}, by=editor)

    assert (edited.max_in_flight, edited.is_from_command_line) == (4, True)


@pytest.mark.parametrize(
    "changes",
    [{"base_url": "http://elsewhere.example/v1"}, {"headers": {"Host": "elsewhere.example"}}, {"kind": "simulator"}],
)
def test_edit_provider_by_an_owner_does_not_take_the_operators_key_along(
    project: Project, owner: Any, changes: dict[str, Any]
) -> None:
    provider = created(project, api_key_env="GATEWAY_API_KEY")

    with pytest.raises(ActionRefused, match="was not given the variable GATEWAY_API_KEY"):
        edit_provider(provider=provider, changes=changes, by=owner)

    provider.refresh_from_db()
    assert (provider.base_url, provider.headers, provider.kind) == (URL, {}, "openai")


def test_edit_provider_with_another_key_by_an_editor_is_denied(project: Project, editor: Any) -> None:
    with pytest.raises(PermissionDenied):
        edit_provider(provider=created(project), changes={"api_key_env": "GATEWAY_API_KEY"}, by=editor)


def test_edit_provider_by_stranger_is_denied(project: Project, stranger: Any) -> None:
    with pytest.raises(PermissionDenied):
        edit_provider(provider=created(project), changes={"max_in_flight": 4}, by=stranger)


def test_provider_key_of_an_operators_provider_is_read(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_API_KEY", "secret")

    assert provider_key(created(project, api_key_env="GATEWAY_API_KEY")) == "secret"


@pytest.mark.parametrize("name", ["", "ABSENT_API_KEY"])
def test_provider_key_that_is_not_there_is_none(project: Project, name: str) -> None:
    assert provider_key(created(project, api_key_env=name)) is None


def test_provider_key_that_was_not_given_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_API_KEY", "secret")
    provider = ProviderFactory(project__name="team", api_key_env="GATEWAY_API_KEY")

    with pytest.raises(KeyNotAllowed, match='EVALSITE_PROVIDER_ENV="team:GATEWAY_API_KEY"'):
        provider_key(provider)


@pytest.mark.parametrize(
    ("provider_values", "given", "expected"),
    [
        ({}, [], ("", True, False)),
        ({"api_key_env": "GATEWAY_API_KEY"}, [], ("GATEWAY_API_KEY", False, False)),
        ({"api_key_env": "GATEWAY_API_KEY"}, ["team:GATEWAY_API_KEY"], ("GATEWAY_API_KEY", True, True)),
        ({"api_key_env": "ABSENT_API_KEY", "is_from_command_line": True}, [], ("ABSENT_API_KEY", True, False)),
    ],
)
def test_key_state_says_what_may_be_shown(
    monkeypatch: pytest.MonkeyPatch,
    settings: LazySettings,
    provider_values: dict[str, Any],
    given: list[str],
    expected: tuple[str, bool, bool],
) -> None:
    monkeypatch.setenv("GATEWAY_API_KEY", "secret")
    settings.PROVIDER_ENV = given

    state = key_state(ProviderFactory(project__name="team", **provider_values))

    assert (state.name, state.is_allowed, state.is_set) == expected


def test_a_provider_of_a_person_that_names_recorded_outputs_is_refused(project: Project, owner: User) -> None:
    with pytest.raises(ActionRefused) as refusal:
        create_provider(project=project, by=owner, name="past", kind="replay", base_url=f"blob:{'0' * 64}")

    assert refusal.value.field == "base_url"


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/v1",
        "http://[::ffff:169.254.169.254]/v1",
        "http://[fd00:ec2::254]/v1",
        "http://2852039166/v1",
        "https://metadata.google.internal/v1",
    ],
)
def test_provider_at_a_metadata_address_is_refused_when_it_is_saved(project: Project, url: str) -> None:
    with pytest.raises(ActionRefused, match="is a link-local or metadata address: no provider may be there") as refusal:
        create_provider(project=project, by=None, name="local", kind="openai", base_url=url)

    assert refusal.value.field == "base_url"


def test_provider_at_a_private_address_is_refused_where_they_are_forbidden(
    project: Project, settings: LazySettings
) -> None:
    settings.PRIVATE_PROVIDERS = False

    with pytest.raises(ActionRefused, match="is a private address"):
        create_provider(project=project, by=None, name="local", kind="openai", base_url="http://10.0.0.1/v1")


@pytest.mark.parametrize(("cached_tokens", "cost"), [(0, "0.0031"), (400, "0.0023"), (9999, "0.0011")])
def test_tokens_from_a_cache_cost_what_the_price_list_says(cached_tokens: int, cost: str) -> None:
    provider = Provider(prices={"m": {"input": 2.5, "cached_input": 0.5, "output": 6}})

    assert provider.cost_usd("m", 1000, 100, cached_tokens) == Decimal(cost)


def test_tokens_from_a_cache_cost_what_others_do_without_a_price_of_their_own() -> None:
    provider = Provider(prices={"m": {"input": 2.5, "output": 6}})

    assert provider.cost_usd("m", 1000, 100, 400) == provider.cost_usd("m", 1000, 100)
