"""What was typed into a form that was refused is on the page that says so."""

from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.utils.functional import SimpleLazyObject

from evalsite import views
from evalsite.typed import FORMS, MOST_FIELDS, typed_in
from experiments.models import Dataset, Membership, Project, Role
from tests.factories import DatasetFactory, ItemFactory


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_item_that_is_sent_after_the_role_was_lowered_is_not_lost(editor: User, project: Project) -> None:
    item = ItemFactory(dataset=DatasetFactory(project=project))
    Membership.objects.filter(user=editor).update(role=Role.VIEWER)
    typed = {"key": "new", "input": "a long <b>question</b>", "expected": "", "seen_at": "2026-01-01"}

    answer = signed_in(editor).post(f"/datasets/{item.dataset.uid}/items/{item.pk}/", typed)
    page = answer.content.decode()

    assert answer.status_code == 403
    assert "of team may do this (edit dataset)" in page
    assert "Nothing was changed. What you typed, to copy:" in page
    assert "a long &lt;b&gt;question&lt;/b&gt;" in page
    assert "2026-01-01" not in page


def test_what_is_sent_to_something_that_was_deleted_is_not_lost(editor: User, project: Project) -> None:
    dataset = DatasetFactory(project=project)
    Dataset.objects.all().delete()

    answer = signed_in(editor).post(f"/datasets/{dataset.uid}/items/new/", {"input": "a long question"})

    assert (answer.status_code, "a long question" in answer.content.decode()) == (404, True)


def test_not_found_offers_the_search_to_people_and_not_to_strangers(editor: User, client: Client) -> None:
    assert 'action="/search/"' in signed_in(editor).get("/nowhere/").content.decode()
    assert 'action="/search/"' not in client.get("/nowhere/").content.decode()


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"name": "a", "password": "s", "new_password1": "s", "api_key": "s", "csrfmiddlewaretoken": "s"}, ["name"]),
        ({"headers": "X: s", "empty": " ", "tag": ["a", "b"], "back": "/", "seen": "1"}, ["tag", "tag"]),
        ({f"field-{number}": "a" for number in range(MOST_FIELDS + 5)}, [f"field-{n}" for n in range(MOST_FIELDS)]),
    ],
)
def test_typed_in_leaves_out_secrets_and_what_is_empty(
    rf: RequestFactory, sent: dict[str, Any], kept: list[str]
) -> None:
    assert [name for name, _ in typed_in(rf.post("/", sent))] == kept


def test_typed_in_of_no_form_is_nothing(rf: RequestFactory) -> None:
    assert typed_in(rf.get("/", {"a": "b"})) == []
    assert typed_in(rf.post("/", b"{", content_type="application/json")) == []


def test_error_of_ours_keeps_what_was_typed_without_asking_who_it_was(rf: RequestFactory) -> None:
    request = rf.post("/", {"input": "a long question"})
    request.user = SimpleLazyObject(lambda: pytest.fail("the database was asked"))

    page = views.broken(request).content.decode()

    assert "a long question" in page
    assert "Nothing was changed" not in page


def test_typed_in_of_a_form_that_is_too_large_is_nothing(rf: RequestFactory, settings: LazySettings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10

    assert typed_in(rf.post("/", b"input=a+long+question", content_type=FORMS[0])) == []
