"""Lines of the log: nothing that an event names can forge another one."""

import json
import logging
import sys
from typing import Any

import pytest

from evalsite.logs import JsonFormatter, LineFormatter, WithoutRefusals, configuration, one_line

FORGED = "bad key\n2026-01-01 00:00:00 ERROR runs all is lost\r\x1b[2K\x00\u2028\x9b\x7f"


def record(text: str, *arguments: object, raised: bool = False, **fields: Any) -> logging.LogRecord:
    """Return a record as a logger makes it."""
    information = None
    if raised:
        try:
            raise ValueError(FORGED)
        except ValueError:
            information = sys.exc_info()
    logger = logging.getLogger("runs.of_a_test")
    return logger.makeRecord(logger.name, logging.WARNING, "", 0, text, arguments, information, extra=fields)


def test_json_line_holds_the_event_and_its_fields() -> None:
    line = json.loads(JsonFormatter().format(record("run %s is paused", "x", run="x", reason="by hand", count=3)))

    assert line.pop("time").endswith("+00:00")
    assert line.pop("pid") > 0
    assert line == {
        "level": "warning",
        "logger": "runs.of_a_test",
        "event": "run x is paused",
        "run": "x",
        "reason": "by hand",
        "count": 3,
    }


@pytest.mark.parametrize("raised", [False, True])
def test_json_line_is_one_line_whatever_it_names(raised: bool) -> None:
    text = JsonFormatter().format(record("run is paused: %s", FORGED, reason=FORGED, raised=raised))

    assert len(text.splitlines()) == 1
    assert text.isascii()
    assert json.loads(text)["reason"] == FORGED


def test_json_line_field_never_takes_the_place_of_the_event() -> None:
    line = json.loads(JsonFormatter().format(record("true", event="false", level="debug", logger="x")))

    assert (line["event"], line["level"], line["logger"]) == ("true", "warning", "runs.of_a_test")


def test_json_line_of_a_value_that_json_does_not_know_is_its_text() -> None:
    assert json.loads(JsonFormatter().format(record("x", odd={1, 2}.__class__)))["odd"] == "<class 'set'>"


def test_text_line_is_one_line_whatever_it_names() -> None:
    text = LineFormatter("%(levelname)s %(message)s").format(record("run is paused: %s", FORGED))

    assert text.splitlines() == [text]
    assert text.startswith("WARNING run is paused: bad key\\n2026-01-01")


def test_text_line_indents_what_follows_of_an_exception() -> None:
    first, *rest = LineFormatter("%(message)s").format(record("it failed", raised=True)).split("\n")

    assert first == "it failed"
    assert rest
    assert [line for line in rest if not line.startswith("    ")] == []


def test_one_line_keeps_tabs_and_letters_of_every_script() -> None:
    assert one_line("a\tü – 語") == "a\tü – 語"


@pytest.mark.parametrize(("form", "kind"), [("text", LineFormatter), ("json", JsonFormatter)])
def test_configuration_writes_in_the_form_that_was_asked_for(form: str, kind: type[logging.Formatter]) -> None:
    whole = configuration(form, "debug")

    assert whole["formatters"][whole["handlers"]["stderr"]["formatter"]]["()"] is kind
    assert whole["loggers"]["runs"] == {"level": "DEBUG"}
    assert whole["root"]["level"] == "WARNING"


@pytest.mark.parametrize(
    ("name", "level", "is_told"),
    [
        ("django.request", logging.WARNING, False),
        ("django.request", logging.ERROR, True),
        ("runs.of_a_test", logging.WARNING, True),
    ],
)
def test_refused_request_is_one_line_and_a_broken_one_has_its_traceback(name: str, level: int, is_told: bool) -> None:
    told = record("Forbidden: %s", "/admin/", raised=True)
    told.name, told.levelno = name, level

    assert WithoutRefusals().filter(told)
    assert ("ValueError" in LineFormatter().format(told)) == is_told
