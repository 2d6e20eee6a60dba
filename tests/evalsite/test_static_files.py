"""Static files: whole answers, so that an ASGI server has nothing to warn about."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import AsyncClient, Client
from django.test.utils import override_settings

NAME = "static-file-of-a-test.css"
TEXT = b"body { color: red }"


@pytest.fixture
def path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a static file."""
    root = tmp_path_factory.mktemp("static")
    (root / NAME).write_bytes(TEXT)
    with override_settings(STATIC_ROOT=str(root)):
        yield settings.STATIC_URL + NAME


async def test_static_file_is_sent_whole(path: str) -> None:
    answer = await AsyncClient().get(path)

    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, TEXT, 'text/css; charset="utf-8"')
    assert not answer.streaming


def test_part_of_a_static_file_is_sent_alone(path: str) -> None:
    answer = Client().get(path, headers={"range": "bytes=0-3"})

    assert (answer.status_code, answer.content) == (206, b"body")


def test_static_file_that_has_not_changed_is_not_sent_again(path: str) -> None:
    first = Client().get(path)

    again = Client().get(path, headers={"if-modified-since": first["Last-Modified"]})

    assert (again.status_code, again.content) == (304, b"")
