"""Access tokens: what a scope is good for, who sees and revokes them, the page that shows one once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from experiments.actions import ActionConflict, ActionRefused, issue_token, revoke_token
from experiments.models import AccessToken, Scope
from tests.api_client import Api
from tests.factories import AccessTokenFactory

PAGE = "/settings/tokens/"
USED = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)


def api_with(person: Any, scope: Scope) -> tuple[Api, dict[str, str]]:
    return Api(), {"Authorization": f"Bearer {AccessToken.issue(user=person, name='t', scope=scope)[1]}"}


@pytest.mark.parametrize(
    ("scope", "statuses"), [(Scope.READ, (200, 403)), (Scope.WRITE, (200, 201)), (Scope.ADMIN, (200, 201))]
)
def test_scope_says_what_a_token_is_good_for(editor: Any, scope: Scope, statuses: tuple[int, int]) -> None:
    api, header = api_with(editor, scope)

    reads = api.get("projects/", **header)
    writes = api.post("experiments/", {"name": "new"}, **header)

    assert (reads.status_code, writes.status_code) == statuses


def test_refusal_names_the_scope_that_is_needed(editor: Any) -> None:
    api, header = api_with(editor, Scope.READ)

    told = api.post("experiments/", {"name": "new"}, **header).json()

    assert told["detail"] == "This token may only read: make one with the scope write."


def test_token_makes_none_that_is_stronger(editor: Any) -> None:
    api, header = api_with(editor, Scope.WRITE)

    refused = api.post("tokens/", {"name": "more", "scope": "admin"}, **header)
    made = api.post("tokens/", {"name": "less", "scope": "read"}, **header)

    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "scope")
    assert (made.status_code, made.json()["scope"], made.json()["person"]) == (201, "read", "editor")


@pytest.mark.parametrize(
    ("values", "field"),
    [({"name": " "}, "name"), ({"name": "x" * 101}, "name"), ({"name": "x", "days": 0}, "days")],
)
def test_token_that_does_not_fit_is_refused(editor: Any, values: dict[str, Any], field: str) -> None:
    with pytest.raises(ActionRefused) as refused:
        issue_token(by=editor, **values)

    assert refused.value.field == field


def test_owner_revokes_tokens_of_members_and_nobody_else_does(owner: Any, editor: Any, stranger: Any) -> None:
    token = AccessTokenFactory(user=editor)

    with pytest.raises(PermissionDenied):
        revoke_token(token=token, by=stranger)
    revoke_token(token=token, by=owner)

    assert not AccessToken.objects.usable().exists()
    with pytest.raises(ActionConflict, match="already"):
        revoke_token(token=token, by=editor)


def test_owner_by_api_needs_the_scope_admin_for_tokens_of_others(owner: Any, editor: Any) -> None:
    token = AccessTokenFactory(user=editor)
    (api, weak), (_, strong) = api_with(owner, Scope.WRITE), api_with(owner, Scope.ADMIN)

    statuses = [api.delete(f"tokens/{token.uid}/", **header).status_code for header in (weak, strong)]

    assert statuses == [403, 204]
    assert not AccessToken.objects.usable().filter(pk=token.pk).exists()


def test_members_who_are_no_owners_see_their_own_tokens_only(owner: Any, editor: Any, viewer: Any) -> None:
    mine, other = AccessTokenFactory(user=viewer), AccessTokenFactory(user=editor)

    assert set(AccessToken.objects.visible_to(viewer)) == {mine}
    assert set(AccessToken.objects.visible_to(owner)) == {mine, other}


def test_page_shows_a_new_token_once(client: Any, editor: Any) -> None:
    client.force_login(editor)

    made = client.post(PAGE, {"name": "laptop", "scope": "read", "days": "30"})

    token = AccessToken.objects.get()
    text = made.content.decode()
    assert f"es_{token.prefix}_" in text
    assert "no-store" in made.headers["Cache-Control"]
    assert token.expires_at is not None
    assert timedelta(days=29) < token.expires_at - timezone.now() < timedelta(days=31)
    assert f"es_{token.prefix}_" not in client.get(PAGE).content.decode()


@pytest.mark.parametrize("typed", [{"name": ""}, {"name": "x", "scope": "all"}, {"name": "x", "days": "9999999"}])
def test_page_says_what_does_not_fit(client: Any, editor: Any, typed: dict[str, str]) -> None:
    client.force_login(editor)

    answer = client.post(PAGE, {"scope": "read", "days": "30", **typed})

    assert answer.status_code == 422
    assert "errorlist" in answer.content.decode()
    assert not AccessToken.objects.exists()


def test_page_revokes_and_strangers_find_nothing(client: Any, owner: Any, editor: Any, stranger: Any) -> None:
    token = AccessTokenFactory(user=editor, name="old laptop")
    address = reverse("experiments:token-revoke", args=[token.uid])
    client.force_login(stranger)
    foreign = client.post(address).status_code
    client.force_login(owner)
    listed = client.get(PAGE).content.decode()

    answer = client.post(address, follow=True)

    assert foreign == 404
    assert "old laptop" in listed
    assert "is revoked" in answer.content.decode()
    assert not AccessToken.objects.usable().exists()


def test_tokens_of_a_person_who_is_removed_are_gone(editor: Any) -> None:
    _, text = AccessToken.issue(user=editor, name="t")
    header = {"Authorization": f"Bearer {text}"}
    assert Api().get("projects/", **header).status_code == 200

    editor.delete()

    assert Api().get("projects/", **header).status_code == 401


@pytest.mark.parametrize(
    ("ended", "sentence"),
    [
        ({"expires_at": USED}, "This token expired on 2026-02-03 at 04:05 UTC: make a new one."),
        ({"revoked_at": USED}, "This token was revoked: make a new one."),
    ],
)
def test_token_that_is_past_its_time_says_so_and_keeps_its_last_use(
    editor: Any, ended: dict[str, Any], sentence: str
) -> None:
    api, header = api_with(editor, Scope.READ)
    AccessToken.objects.update(last_used_at=USED, **ended)

    answer = api.get("projects/", **header)

    assert (answer.status_code, answer.json()["detail"]) == (401, sentence)
    assert (answer.headers["Content-Type"], answer.json()["status"]) == ("application/problem+json", 401)
    assert AccessToken.objects.get().last_used_at == USED


def test_token_with_another_secret_is_unknown_even_past_its_time(editor: Any) -> None:
    token, _ = AccessToken.issue(user=editor, name="old")
    AccessToken.objects.update(expires_at=USED)

    answer = Api().get("projects/", Authorization=f"Bearer es_{token.prefix}_guessed")

    assert (answer.status_code, "is unknown" in answer.json()["detail"]) == (401, True)
