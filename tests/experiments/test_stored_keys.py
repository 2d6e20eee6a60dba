"""Keys that were typed: encrypted at rest, bound to where they go, for owners, and never shown."""

import io
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.test import Client

from evalsite.commands import CommandFailed
from evalsite.examination import examine
from experiments.actions import ActionRefused, create_provider, edit_provider
from experiments.credentials import KeyNotAllowed, key_state, provider_key
from experiments.models import Membership, Project, Provider, Role, StoredKey
from tests.api_client import Api
from tests.factories import ProviderFactory

pytestmark = pytest.mark.django_db
KEY, URL = "sk-canary-0815", "http://127.0.0.1:9/v1"


@pytest.fixture
def provider(project: Project) -> Provider:
    """A provider with a stored key."""
    return create_provider(project=project, by=None, name="local", kind="openai", base_url=URL, api_key=KEY)


@pytest.fixture
def owner(project: Project, django_user_model: Any) -> Any:
    """An owner of the project."""
    person = django_user_model.objects.create_user("olga", password="secret")
    Membership.objects.create(project=project, user=person, role=Role.OWNER)
    return person


def test_stored_key_is_read_again_and_stored_nowhere_as_it_is(provider: Provider) -> None:
    stored = StoredKey.objects.get()

    assert provider_key(provider) == KEY
    assert KEY not in stored.ciphertext
    state = key_state(provider)
    assert (state.name, state.is_set, state.is_stored) == ("", True, True)


@pytest.mark.parametrize(
    "changes",
    [
        {"base_url": "http://127.0.0.1:10/v1"},
        {"headers": {"X-Team": "evals"}},
        {"kind": "anthropic"},
        {"api_key_env": "GATEWAY_API_KEY"},
        {"api_key": None},
    ],
)
def test_stored_key_goes_with_what_it_was_typed_for(provider: Provider, changes: dict[str, Any]) -> None:
    edited = edit_provider(provider=provider, by=None, changes=changes)

    assert not StoredKey.objects.exists()
    assert not key_state(edited).is_stored


def test_stored_key_survives_changes_of_limits_and_names(provider: Provider, editor: Any) -> None:
    edited = edit_provider(provider=provider, by=editor, changes={"name": "other", "max_in_flight": 3})

    assert provider_key(edited) == KEY


def test_stored_key_survives_another_way_for_answers_to_come(provider: Provider, editor: Any) -> None:
    edited = edit_provider(provider=provider, by=editor, changes={"options": {"stream": True}})

    assert provider_key(edited) == KEY


def test_typed_key_takes_the_place_of_a_variable(project: Project) -> None:
    provider = ProviderFactory(project=project, api_key_env="GATEWAY_API_KEY", is_from_command_line=True)

    edited = edit_provider(provider=provider, by=None, changes={"api_key": KEY})

    assert (edited.api_key_env, provider_key(edited)) == ("", KEY)


def test_row_that_was_changed_behind_our_back_gets_no_key(provider: Provider) -> None:
    Provider.objects.update(base_url="http://192.0.2.1/v1")
    provider.refresh_from_db()

    with pytest.raises(KeyNotAllowed, match="typed for another URL"):
        provider_key(provider)


def test_key_moved_to_another_provider_is_useless(provider: Provider, project: Project) -> None:
    other = create_provider(project=project, by=None, name="other", kind="openai", base_url=URL)
    StoredKey.objects.update(provider=other)

    with pytest.raises(KeyNotAllowed, match="type it again"):
        provider_key(other)


@pytest.mark.parametrize("key", ["", "two words", "ключ", "a\nb", "k" * 2_001, 7])
def test_what_is_no_key_is_refused_without_repeating_it(project: Project, key: Any) -> None:
    with pytest.raises(ActionRefused) as refusal:
        create_provider(project=project, by=None, name="local", kind="openai", base_url=URL, api_key=key)

    assert refusal.value.field == "api_key"
    assert not key or str(key) not in str(refusal.value)


def test_variable_and_typed_key_at_once_are_refused(provider: Provider) -> None:
    with pytest.raises(ActionRefused, match="not both"):
        edit_provider(provider=provider, by=None, changes={"api_key": KEY, "api_key_env": "GATEWAY_API_KEY"})


def test_editor_may_neither_type_nor_remove_a_key(provider: Provider, editor: Any) -> None:
    for key in ("sk-other", None):
        with pytest.raises(PermissionDenied):
            edit_provider(provider=provider, by=editor, changes={"api_key": key})

    assert provider_key(provider) == KEY


def test_rotation_leaves_keys_readable_without_the_former_secret(provider: Provider, settings: Any) -> None:
    former, settings.SECRET_KEY = settings.SECRET_KEY, "another secret of the site, long enough for anybody"
    with pytest.raises(KeyNotAllowed, match="EVALSITE_SECRET_KEY_FALLBACKS"):
        provider_key(provider)
    assert any("cannot be read" in finding.text for finding in examine() if finding.is_well is False)
    with pytest.raises(CommandFailed, match="team: local"):
        call_command("rotate_keys", stdout=io.StringIO())

    settings.SECRET_KEY_FALLBACKS = [former]
    call_command("rotate_keys", stdout=(said := io.StringIO()))
    settings.SECRET_KEY_FALLBACKS = []

    assert "1 stored keys encrypted" in said.getvalue()
    assert provider_key(provider) == KEY


def test_page_takes_a_key_and_never_gives_it_back(provider: Provider, owner: Any, client: Client) -> None:
    client.force_login(owner)
    page = f"/providers/{provider.uid}/"
    form = {"name": "local", "kind": "openai", "base_url": URL, "max_in_flight": 16, "api_key": "sk-second"}

    answer = client.post(page, form, follow=True)
    provider.refresh_from_db()
    assert provider_key(provider) == "sk-second"
    assert "stored encrypted" in answer.content.decode()
    assert "sk-second" not in answer.content.decode()

    refused = client.post(page, {**form, "max_in_flight": 0, "api_key": "sk-third"})
    assert (refused.status_code, "sk-third" in refused.content.decode()) == (422, False)

    moved = client.post(page, {**form, "base_url": "http://127.0.0.1:10/v1", "api_key": ""}, follow=True)
    assert "type it again" in moved.content.decode()
    assert not StoredKey.objects.exists()


def test_page_of_an_editor_has_no_field_for_a_key(provider: Provider, editor: Any, client: Client) -> None:
    client.force_login(editor)

    page = client.get(f"/providers/{provider.uid}/").content.decode()

    assert "Calls in flight" in page
    assert 'name="api_key"' not in page


def test_page_removes_a_key_when_asked(provider: Provider, owner: Any, client: Client) -> None:
    client.force_login(owner)
    form = {"name": "local", "kind": "openai", "base_url": URL, "max_in_flight": 16}

    client.post(f"/providers/{provider.uid}/", form)
    assert StoredKey.objects.exists()
    client.post(f"/providers/{provider.uid}/", {**form, "remove_key": "on"})

    assert not StoredKey.objects.exists()


def test_api_takes_a_key_and_says_only_that_there_is_one(project: Project, owner: Any) -> None:
    api = Api(owner)
    values = {"name": "gateway", "kind": "openai", "base_url": URL, "api_key": KEY}

    made = api.post("/api/v1/providers/", values)

    assert made.status_code == 201, made.content
    assert (made.json()["is_key_stored"], made.json()["is_key_seen"]) == (True, True)
    assert KEY not in made.content.decode()
    removed = api.patch(f"/api/v1/providers/{made.json()['id']}/", {"api_key": None})
    assert removed.json()["is_key_stored"] is False
