"""Requests that are too large are refused before they are kept."""

import asyncio
import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from evalsite.body_limits import LimitedBodies
from experiments.models import DataImport


async def echo(_scope: Any, receive: Any, send: Any) -> None:
    """Answer with what was received, as an application does."""
    body = b""
    while (message := await receive())["type"] == "http.request":
        body += message["body"]
        if not message.get("more_body"):
            break
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": message["type"].encode() + b" " + body})


def answer_to(path: str, *pieces: bytes, length: int | None = None) -> tuple[int, bytes]:
    """Return status and body that a site which takes a MiB answers with."""
    sent: list[Any] = []
    more = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    waiting = [*more, {"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Any:
        return waiting.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [] if length is None else [(b"content-length", str(length).encode())]
    scope = {"type": "http", "path": path, "headers": headers}
    asyncio.run(LimitedBodies(echo, 1024 * 1024)(scope, receive, send))
    return sent[0]["status"], sent[1]["body"]


def test_request_of_the_limit_passes() -> None:
    piece = b"x" * (1024 * 1024)

    assert answer_to("/", piece, length=len(piece)) == (200, b"http.request " + piece)


def test_request_that_says_too_large_a_length_is_refused_in_a_sentence() -> None:
    status, body = answer_to("/datasets/import/", b"x", length=1024 * 1024 + 1)

    assert status == 413
    assert b"larger than 1 MiB" in body
    assert b"pack the file as .gz" in body


def test_request_to_the_api_is_refused_with_a_problem_document() -> None:
    status, body = answer_to("/api/v1/datasets/", b"x", length=1024 * 1024 + 1)

    assert (status, json.loads(body)["status"]) == (400, 400)


def test_request_that_says_no_length_ends_at_the_limit() -> None:
    assert answer_to("/", b"x" * 1024 * 1024, b"x")[1].startswith(b"http.disconnect")


def test_upload_above_the_limit_is_refused_by_the_form(client: Client, editor: Any, settings: Any) -> None:
    settings.UPLOAD_LIMIT_BYTES = 10
    client.force_login(editor)
    file = SimpleUploadedFile("rows.csv", b"input\nmore than ten bytes\n")

    answer = client.post(
        reverse("experiments:dataset-import-new"),
        {"project": editor.memberships.get().project_id, "name": "n", "file": file},
    )

    assert answer.status_code == 422
    assert "which is all that is taken at once" in answer.content.decode()
    assert not DataImport.objects.exists()


@pytest.mark.parametrize("size", [1, 2048])
def test_upload_form_tells_the_browser_the_limit(client: Client, editor: Any, settings: Any, size: int) -> None:
    settings.UPLOAD_LIMIT_BYTES = size * 1024 * 1024
    client.force_login(editor)

    assert (
        f'data-most-bytes="{size * 1024 * 1024}"'
        in client.get(reverse("experiments:dataset-import-new")).content.decode()
    )
