"""Lines of the log: one event a line, whatever the texts hold that it names."""

import json
import logging
import re
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TypeAlias

KNOWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
"""What every record has; the rest is what the event says of itself."""
CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
FORMS = ("text", "json")
LEVELS = ("debug", "info", "warning", "error")
OURS = ("evalsite", "experiments", "runs", "scoring")
Raised: TypeAlias = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]  # as `logging` has it
)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, event, and the fields of the event (run, result, lane, ...)."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            "pid": record.process,
        }
        line |= {name: value for name, value in vars(record).items() if name not in KNOWN and name not in line}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class LineFormatter(logging.Formatter):
    """A line for people: control characters are written out, and what follows of an exception is indented."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Return the line without what could forge another one."""
        return one_line(super().formatMessage(record))

    def formatException(self, ei: Raised) -> str:  # noqa: N802 - logging's name
        """Return the traceback, each line indented."""
        return "\n".join(f"    {one_line(line)}" for line in super().formatException(ei).split("\n"))


class WithoutRefusals(logging.Filter):
    """Takes the traceback from what a request was refused for: nothing broke, and anybody could fill the log so."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass."""
        if record.name == "django.request" and record.levelno < logging.ERROR:
            record.exc_info = None
        return True


def one_line(text: str) -> str:
    """Return a text with its control characters written as escapes."""
    return CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def configuration(form: str, level: str) -> dict[str, Any]:
    """Return Django's LOGGING: everything to standard error in this form, our own events from this level on."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "text": {"()": LineFormatter, "format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
            "json": {"()": JsonFormatter},
        },
        "filters": {"refusals": {"()": WithoutRefusals}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": form, "filters": ["refusals"]}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {name: {"level": level.upper()} for name in OURS},
    }
