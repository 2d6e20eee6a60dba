"""Reading the environment: the data directory, its `.env`, typed values with clear errors."""

import os
import secrets
from collections.abc import Iterable, MutableMapping
from importlib.util import find_spec
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE = ("true", "1")
FALSE = ("false", "0")
BROKERS = ("database", "redis")
REDIS_SCHEMES = ("redis", "rediss", "unix")
SOCKET_TIMEOUTS = {"socket_timeout": "3"}  # a worker asks for 1 s at a time
REDIS_TIMEOUTS = {"socket_connect_timeout": "3", **SOCKET_TIMEOUTS}
SERVER_LOST = {"connect_timeout": "10", "keepalives_idle": "10", "keepalives_interval": "5", "keepalives_count": "3"}


def data_directory(base: Path, environ: MutableMapping[str, str] = os.environ) -> Path:
    """Return where the site keeps its data: `EVALSITE_DATA`, else `var/` in the checkout."""
    return Path(environ.get("EVALSITE_DATA") or base / "var").expanduser().resolve()


def load_dotenv(path: Path, environ: MutableMapping[str, str] = os.environ) -> None:
    """Add the `NAME=value` lines of the file at `path` to the environment; real variables win."""
    if not path.is_file():
        return
    for line in path.read_text(encoding="utf-8-sig").splitlines():
        name, separator, value = line.strip().removeprefix("export ").partition("=")
        if separator and not name.startswith("#"):
            environ.setdefault(name.strip(), _unquoted(value.strip()))


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value


def flag(name: str, *, default: bool) -> bool:
    """Return a boolean variable. Raises ImproperlyConfigured for anything but true, false, 1 and 0."""
    value = os.environ.get(name, "").strip().lower()
    if not value:
        return default
    if value not in TRUE + FALSE:
        raise ImproperlyConfigured(f"{name} is {value!r}: write true, false, 1 or 0.")
    return value in TRUE


def integer(name: str, *, default: int, minimum: int = 1) -> int:
    """Return a whole-number variable. Raises ImproperlyConfigured for anything else."""
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    if not text.isdecimal() or int(text) < minimum:
        raise ImproperlyConfigured(f"{name} is {text!r}: write a whole number of at least {minimum}.")
    return int(text)


def names(name: str) -> list[str]:
    """Return the comma-separated parts of a variable, without blanks."""
    return [part.strip() for part in os.environ.get(name, "").split(",") if part.strip()]


def choice(name: str, of: Iterable[str], *, default: str) -> str:
    """Return one of a few words. Raises ImproperlyConfigured for any other."""
    value = os.environ.get(name, "").strip().lower() or default
    if value not in of:
        raise ImproperlyConfigured(f"{name} is {value!r}: write one of {', '.join(of)}.")
    return value


def wants(name: str, *, module: str) -> bool:
    """Return a boolean variable that asks for an extra. Raises ImproperlyConfigured where it is not installed."""
    if not flag(name, default=False):
        return False
    try:
        is_there = find_spec(module) is not None
    except ModuleNotFoundError:
        is_there = False
    if not is_there:
        raise ImproperlyConfigured(f"{name} is true, but {module} is not installed: pip install 'evalsite[otel]'.")
    return True


def share(name: str, *, default: float) -> float:
    """Return a number from 0 to 1. Raises ImproperlyConfigured for anything else."""
    text = os.environ.get(name, "").strip()
    try:
        value = float(text) if text else default
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise ImproperlyConfigured(f"{name} is {text!r}: write a number from 0 to 1, as in 0.1.")
    return value


def networks(name: str, *, default: Iterable[str]) -> list[IPv4Network | IPv6Network]:
    """Return comma-separated addresses and networks. Raises ImproperlyConfigured for what is none."""
    texts = names(name) if name in os.environ else list(default)
    try:
        return [ip_network(text) for text in texts]
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}: {error}; write addresses or networks, as in 10.0.0.0/8.") from error


def secret_key(data: Path) -> str:
    """Return the signing key: `EVALSITE_SECRET_KEY`, else one kept beside the data, made at first use.

    Raises ImproperlyConfigured where several machines share a database and no key was given.
    """
    given = os.environ.get("EVALSITE_SECRET_KEY")
    if given:
        return given
    if os.environ.get("DATABASE_URL"):
        raise ImproperlyConfigured(
            "EVALSITE_SECRET_KEY is not set: with DATABASE_URL every process needs the same key; "
            "make one with `python -c 'import secrets; print(secrets.token_urlsafe(50))'`."
        )
    path = data / "secret.key"
    try:
        if not path.exists():
            data.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_private(path, secrets.token_urlsafe(50))
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise ImproperlyConfigured(unusable_data_directory(data, error)) from error


def unusable_data_directory(directory: Path, error: OSError) -> str:
    """Return the sentence about a data directory that cannot be made, read or written to."""
    return f"The data directory {directory} cannot be used ({error.strerror}): let EVALSITE_DATA name another one."


def _write_private(path: Path, text: str) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # two first starts at once: the other one's key holds
        return
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)


def broker() -> dict[str, str]:
    """Return where django-q2's queue is: in the database, or in Redis at `REDIS_URL` for `EVALSITE_BROKER=redis`."""
    if choice("EVALSITE_BROKER", BROKERS, default="database") == "database":
        return {"orm": "default", "broker_class": "runs.queue.database_broker.DatabaseBroker"}
    url = os.environ.get("REDIS_URL", "").strip()
    if urlsplit(url).scheme not in REDIS_SCHEMES:
        raise ImproperlyConfigured("EVALSITE_BROKER is redis: set REDIS_URL to redis://host:6379/0 or unix:///path.")
    if find_spec("redis") is None:
        raise ImproperlyConfigured("EVALSITE_BROKER is redis: install its client with `pip install 'evalsite[redis]'`.")
    return {"redis": _with_timeouts(url), "broker_class": "runs.queue.redis_broker.RedisBroker"}


def _with_timeouts(url: str) -> str:
    """Return the URL with the times after which a Redis that is silent counts as away, unless it names its own."""
    base, _, options = url.partition("?")
    timeouts = SOCKET_TIMEOUTS if base.startswith("unix:") else REDIS_TIMEOUTS
    return f"{base}?{urlencode({**timeouts, **dict(parse_qsl(options))})}"


def database(data: Path) -> dict[str, Any]:
    """Return Django's database settings: `DATABASE_URL` for PostgreSQL, else SQLite in the data directory.

    What the URL says behind its "?" (sslmode=require and the like) goes to PostgreSQL's client as it is.

    SQLite begins every transaction IMMEDIATE: deferred ones that turn into writers fail with "database is
    locked" whatever the timeout says. The connection stays open, since re-opening costs more than a query.
    """
    url = os.environ.get("DATABASE_URL", "")
    if not url:
        return _sqlite(data / "evalsite.sqlite3")
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return _sqlite(Path(unquote(parts.path)))
    if parts.scheme not in ("postgres", "postgresql"):
        raise ImproperlyConfigured("DATABASE_URL must begin with postgres:// or sqlite:///.")
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or "") or options.pop("host", ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 0,
        "OPTIONS": {**SERVER_LOST, **options, "pool": {"min_size": 1, "max_size": 10}},
    }


def _sqlite(path: Path) -> dict[str, Any]:
    return {
        "ENGINE": "evalsite.sqlite",
        "NAME": str(path),
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA busy_timeout=20000;",
        },
    }
