"""Downloads begin with their first line, go on in large pieces, and are never silent for long."""

import pytest
from django.http import StreamingHttpResponse
from django.test import RequestFactory

from evalsite.downloads import download


def pieces(lines: list[str], rf: RequestFactory) -> list[bytes]:
    """Return what a browser is sent, piece by piece."""
    response: StreamingHttpResponse = download(rf.get("/"), iter(lines), name="a.csv", kind="csv")
    return list(response)


def test_first_line_is_sent_alone_and_the_rest_gathered(rf: RequestFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evalsite.downloads.PIECE_CHARACTERS", 4)

    assert pieces(["head\n", "a\n", "b\n", "c\n"], rf) == [b"head\n", b"a\nb\n", b"c\n"]


def test_lines_that_come_slowly_are_sent_as_they_come(rf: RequestFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evalsite.downloads.LONGEST_SILENCE_S", -1.0)

    assert pieces(["head\n", "a\n", "b\n"], rf) == [b"head\n", b"a\n", b"b\n", b""]


def test_file_without_a_line_is_empty(rf: RequestFactory) -> None:
    assert b"".join(pieces([], rf)) == b""
