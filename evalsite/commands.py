"""The base of all our commands: the first line, and errors in a sentence with an exit code."""

import errno
import os
import sys
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any, NoReturn

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import InterfaceError, OperationalError

from evalsite.address import running_site
from evalsite.parent import is_supervised
from evalsite.preparation import NotPrepared, prepare_database
from experiments.actions import ActionConflict, ActionRefused

KNOWN_ERRORS = (
    ActionRefused,
    ActionConflict,
    NotPrepared,
    ImproperlyConfigured,
    PermissionDenied,
    OperationalError,
    InterfaceError,
    OSError,
)
FULL = "disk is full"  # as SQLite says it
READER_LEFT = 141  # what a shell says of a program that ended by SIGPIPE
LAST_PORT = 65535


class CommandFailed(CommandError):
    """A command could not do what was asked for: one sentence on standard error, and `returncode` at the end."""


class SiteCommand(BaseCommand):
    """A command that names the data directory first and says in one sentence why it failed."""

    requires_system_checks = []
    """None: `evalsite doctor` and `make lint` run them, and every start would pay for them."""

    needs_database = True
    """Whether the database is brought up to date before the command begins."""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Return the parser of the options, under the command's name as people write it."""
        return super().create_parser(prog_name, subcommand.replace("_", "-"), **kwargs)

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Name the data directory on standard error, prepare the database, do the work."""
        try:
            if not is_supervised():
                self.note(first_line())
                self.prepare()
            return super().execute(*args, **options)
        except BrokenPipeError:  # whoever read the output has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(READER_LEFT)
        except (CommandError, *KNOWN_ERRORS) as error:
            self._fail(error, options)

    def prepare(self) -> None:
        """Bring the database up to date, where the command needs one from its beginning."""
        if self.needs_database:
            self.bring_up_to_date()

    def bring_up_to_date(self) -> None:
        """Bring the database up to date, unless the process that started this one has done so."""
        if not is_supervised():
            prepare_database(report=self.note)

    def note(self, text: str) -> None:
        """Write a line to standard error, where it is no error: standard output belongs to what was asked for."""
        self.stderr.write(text, str)

    def _fail(self, error: Exception, options: dict[str, Any]) -> NoReturn:
        code = getattr(error, "returncode", 2 if isinstance(error, ActionRefused) else 1)
        said = sentence_of(error)
        if not getattr(self, "_called_from_command_line", False) or options.get("traceback"):
            raise error if isinstance(error, CommandError) else CommandFailed(said, returncode=code) from error
        self.stderr.write(said)
        sys.exit(code)


def sentence_of(error: Exception) -> str:
    """Return what a person is told of an error; of a full disk also what to do."""
    is_full = isinstance(error, OSError) and error.errno == errno.ENOSPC
    if is_full or (isinstance(error, OperationalError) and FULL in str(error)):
        where = getattr(error, "filename", None) or settings.DATA_DIR
        return f"The disk of {where} is full: make room there and start again; what was stored is kept."
    return str(error)


def add_address_options(parser: ArgumentParser) -> None:
    """Declare where the site is to listen: options, else HOST and PORT, else 127.0.0.1:8000."""
    parser.add_argument("--host", default=os.environ.get("HOST") or "127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=port, default=os.environ.get("PORT") or "8000", help="the port to listen on")


def port(text: str) -> int:
    """Return the number of a port. Raises ArgumentTypeError for anything else."""
    if not text.isdecimal() or not 1 <= int(text) <= LAST_PORT:
        raise ArgumentTypeError(f"{text!r} is no port: write a number from 1 to {LAST_PORT}")
    return int(text)


def first_line() -> str:
    """Return where the data is and, when the site is up, its address."""
    site = running_site()
    return f"Data: {settings.DATA_DIR}" + (f" · site: {site}" if site else "")
