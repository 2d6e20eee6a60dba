"""What `evalsite doctor` looks at: one finding for each thing that the site needs."""

import os
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.checks import run_checks
from django.db import DatabaseError, connection

from evalsite import address
from evalsite.preparation import missing_migrations
from experiments.credentials import KeyNotAllowed, key_state, provider_key
from experiments.models import Provider
from experiments.wording import counted
from runs.live.watching import living_host
from runs.queue.depth import trouble_of_queue

PYTHONS = ((3, 11), (3, 13))
OLDEST_SQLITE = (3, 35)  # RETURNING
OLDEST_POSTGRES = 14
LEAST_FREE_BYTES = 500_000_000
CLOCK_SKEW_S = 5.0
SHORTEST_TOKEN = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about one thing."""

    is_well: bool | None
    """None: worth knowing and nothing to mend."""
    text: str
    """What it is; where it is not well also what to do."""


def examine() -> Iterator[Finding]:
    """Yield what is found, thing by thing; the rest of a list is left out where nothing can be said without it."""
    yield from (_python(), _data_directory(), _disk(), _logs(), _traces(), _metrics())
    database = _database()
    yield database
    if not database.is_well:
        return
    yield from (_tables(), _clock())
    yield from _system_checks()
    if not missing_migrations():
        yield from (_queue(), _site_and_workers(), *_keys())


def _python() -> Finding:
    version = sys.version_info[:3]
    text = f"Python {'.'.join(map(str, version))}"
    is_well = PYTHONS[0] <= version[:2] <= PYTHONS[1]
    return Finding(is_well, text if is_well else f"{text}: Evalsite is tested with 3.11 to 3.13")


def _data_directory() -> Finding:
    directory = Path(settings.DATA_DIR)
    if not directory.is_dir():
        return Finding(False, f"Data directory {directory} is not there yet: `evalsite up` makes it")
    if not os.access(directory, os.W_OK | os.X_OK):
        return Finding(False, f"Data directory {directory} cannot be written to by this user")
    return Finding(True, f"Data directory {directory} can be written to")


def _disk() -> Finding:
    directory = Path(settings.DATA_DIR)
    existing = next(path for path in (directory, *directory.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    text = f"{free / 1e9:.1f} GB free on the disk of the data"
    return Finding(True, text) if free >= LEAST_FREE_BYTES else Finding(False, f"{text}: runs wait when it is full")


def _logs() -> Finding:
    return Finding(None, f"The log is {settings.LOG_FORM}, from {settings.LOG_LEVEL} on")


def _traces() -> Finding:
    if not settings.OTEL:
        return Finding(None, "Traces are off (EVALSITE_OTEL)")
    return Finding(None, f"Traces are sent for {settings.OTEL_SAMPLE:.0%} of the results, as OTEL_... variables say")


def _metrics() -> Finding:
    token, networks = settings.METRICS_TOKEN, ", ".join(map(str, settings.METRICS_FROM))
    if token and len(token) < SHORTEST_TOKEN:
        return Finding(False, f"EVALSITE_METRICS_TOKEN can be guessed: take at least {SHORTEST_TOKEN} characters")
    readers = [*(["whoever has the token"] if token else []), *([networks] if networks else [])]
    return Finding(True, f"Metrics are given to {' and '.join(readers) or 'nobody'}")


def _database() -> Finding:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return Finding(False, f"The database does not answer: {str(error).strip()}")
    if connection.vendor == "postgresql":
        version = getattr(connection, "pg_version", 0) // 10_000
        is_well = version >= OLDEST_POSTGRES
        return Finding(is_well, f"PostgreSQL {version} answers" + ("" if is_well else f": {OLDEST_POSTGRES} is needed"))
    is_well = sqlite3.sqlite_version_info >= OLDEST_SQLITE
    return Finding(is_well, f"SQLite {sqlite3.sqlite_version} answers" + ("" if is_well else ": 3.35 is needed"))


def _tables() -> Finding:
    missing = missing_migrations()
    if missing:
        return Finding(False, f"The tables are {counted(len(missing), 'migration')} behind: run `evalsite migrate`")
    return Finding(True, "The tables are up to date")


def _queue() -> Finding:
    trouble = trouble_of_queue()
    return Finding(not trouble, trouble.capitalize() or "The queue answers")


def _clock() -> Finding:
    if connection.vendor != "postgresql":
        is_well = time.time() >= Path(__file__).stat().st_mtime
        return Finding(is_well, "The clock is right" if is_well else "The clock is before this installation: set it")
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        skew_s = time.time() - float(cursor.fetchone()[0])
    is_well = abs(skew_s) <= CLOCK_SKEW_S
    text = f"The clock differs from the database's by {abs(skew_s):.1f} s"
    return Finding(is_well, text if is_well else f"{text}: set one of them right")


def _system_checks() -> Iterator[Finding]:
    problems = [message for message in run_checks() if message.is_serious()]
    yield from (Finding(False, str(problem)) for problem in problems)
    if not problems:
        yield Finding(True, "The settings and what is plugged in are in order")


def _site_and_workers(find_host: Callable[[], object | None] = living_host) -> Finding:
    site, host = address.running_site(), find_host()
    if host is not None:
        return Finding(True, f"{f'The site is at {site}' if site else 'No site runs here'}; workers live")
    if site is not None:
        return Finding(False, f"The site is at {site}, but no worker lives: start `evalsite worker`")
    return Finding(None, "Neither site nor workers run: `evalsite up` starts them")


def _keys() -> Iterator[Finding]:
    """Yield one finding for each key that a provider names or has stored; values are never shown."""
    for provider in Provider.objects.exclude(api_key_env="").select_related("project").order_by("project", "name"):
        state, whose = key_state(provider), f"{provider.project}: {provider.name}"
        if not state.is_allowed:
            yield Finding(False, f"{whose} may not use {state.name}: EVALSITE_PROVIDER_ENV gives it")
        elif not state.is_set:
            yield Finding(False, f"{whose} needs {state.name}, which is not set here")
        else:
            yield Finding(True, f"{whose} has its key in {state.name}")
    for provider in Provider.objects.exclude(stored_key=None).select_related("project").order_by("project", "name"):
        yield _stored_key(provider)


def _stored_key(provider: Provider) -> Finding:
    try:
        provider_key(provider)
    except KeyNotAllowed as reason:
        return Finding(False, f"{provider.project}: {reason}")
    return Finding(True, f"{provider.project}: {provider.name} has a stored key")
