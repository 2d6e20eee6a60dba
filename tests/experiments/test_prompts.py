"""Saving prompts: a text is stored once."""

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from pytest_django.fixtures import Settings

from experiments.actions import ActionRefused, save_prompt
from experiments.media import data_uri
from experiments.media_store import bytes_of
from experiments.models import Project, Prompt
from tests.factories import ProjectFactory

pytestmark = pytest.mark.django_db


def test_save_prompt_of_a_text_is_one_message_of_the_user(project: Project, editor: Any) -> None:
    version = save_prompt(project=project, name="short", messages="{{ input }}?", note="first", by=editor)

    assert version.messages == [{"role": "user", "content": "{{ input }}?"}]
    assert (str(version), version.note, version.created_by) == ("short v1", "first", editor)


def test_save_prompt_with_another_text_is_the_next_version(project: Project) -> None:
    save_prompt(project=project, name="short", messages="{{ input }}?", by=None)

    version = save_prompt(project=project, name="short", messages="{{ input }}!", by=None)

    assert (version.number, Prompt.objects.count()) == (2, 1)


def test_save_prompt_with_an_earlier_text_is_that_version(project: Project) -> None:
    first = save_prompt(project=project, name="short", messages="{{ input }}?", by=None)
    save_prompt(project=project, name="short", messages="{{ input }}!", by=None)

    again = save_prompt(project=project, name="short", messages=[{"role": "user", "content": "{{ input }}?"}], by=None)

    assert again == first


@pytest.mark.parametrize("messages", ["", [], "{{ input", "{{ expected }}", [{"role": "bot", "content": "x"}]])
def test_save_prompt_that_is_no_template_is_refused(project: Project, messages: Any) -> None:
    with pytest.raises(ActionRefused) as refusal:
        save_prompt(project=project, name="short", messages=messages, by=None)

    assert refusal.value.field == "prompt"
    assert not Prompt.objects.exists()


@pytest.mark.parametrize("name", ["", "n" * 201])
def test_save_prompt_with_no_proper_name_is_refused(project: Project, name: str) -> None:
    with pytest.raises(ActionRefused):
        save_prompt(project=project, name=name, messages="{{ input }}", by=None)


def test_save_prompt_by_viewer_is_denied(project: Project, viewer: Any) -> None:
    with pytest.raises(PermissionDenied):
        save_prompt(project=project, name="short", messages="{{ input }}", by=viewer)


LARGE = b"x" * 100_000


def picture(messages: Any) -> Any:
    """Return the picture of a prompt of one."""
    return messages[0]["content"][0]


def test_save_prompt_keeps_a_large_picture_once_and_its_copy_may_name_it(
    project: Project, editor: Any, settings: Settings, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    messages = [{"role": "user", "content": [{"type": "image", "url": data_uri("image/png", LARGE)}]}]

    first = save_prompt(project=project, name="look", messages=messages, by=editor)
    again = save_prompt(project=project, name="look", messages=messages, by=editor)
    copied = save_prompt(project=project, name="look too", messages=first.messages, by=editor)

    assert set(picture(first.messages)) == {"type", "blob", "media_type"}
    assert bytes_of(picture(first.messages)) == ("image/png", LARGE)
    assert (again, copied.messages) == (first, first.messages)


def test_save_prompt_with_a_picture_of_another_project_is_refused(
    project: Project, editor: Any, settings: Settings, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    messages = [{"role": "user", "content": [{"type": "image", "url": data_uri("image/png", LARGE)}]}]
    other = save_prompt(project=ProjectFactory(), name="look", messages=messages, by=None)

    with pytest.raises(ActionRefused, match="a file comes with an experiment file"):
        save_prompt(project=project, name="look", messages=other.messages, by=editor)
