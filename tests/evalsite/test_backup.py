"""Backup and restore as docs/operations.md has it: a site copied while a run goes on is whole elsewhere."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.machine import ITEMS, RUN_S, Machine, machine_beside_provider

LONG = {"key": "long", "input": "a word " * 20_000, "expected": "none"}
COPY = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).backup(sqlite3.connect(sys.argv[2]))"


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """A machine beside a simulated provider, with an item whose transcript lies in the blob store."""
    (tmp_path / "first").mkdir()
    with machine_beside_provider(tmp_path / "first") as machine:
        items = [LONG, *machine.declared["dataset"]["items"]]
        machine.write({**machine.declared, "dataset": {**machine.declared["dataset"], "items": items}})
        yield machine


@contextmanager
def copied(machine: Machine, folder: Path) -> Iterator[Machine]:
    """A second machine that was restored from a copy of the first one's data."""
    source, target = machine.folder / "data", folder / "data"
    target.mkdir(parents=True)
    with copied_database(machine, target) as url:
        shutil.copytree(source / "blobs", target / "blobs")
        _ = [shutil.copy2(key, target) for key in source.glob("secret.key")]
        copy = Machine(folder, machine.simulator, url)
        copy.write(machine.declared)
        try:
            yield copy
        finally:
            copy.end()


@contextmanager
def copied_database(machine: Machine, target: Path) -> Iterator[str]:
    """Copy the database; gives the URL of the copy, "" for SQLite, whose copy is in the target's directory."""
    if not machine.database_url:
        files = [str(data / "evalsite.sqlite3") for data in (machine.folder / "data", target)]
        subprocess.run([sys.executable, "-c", COPY, *files], check=True)
        yield ""
        return
    name = f"restored_{os.getpid()}"
    url = urlsplit(machine.database_url)._replace(path=f"/{name}").geturl()
    dump = str(target / "evalsite.dump")
    subprocess.run([tool(machine, "pg_dump"), "--format=custom", f"--file={dump}", machine.database_url], check=True)
    with psycopg.connect(machine.database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        subprocess.run([tool(machine, "pg_restore"), "--no-owner", f"--dbname={url}", dump], check=True)
        yield url
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def tool(machine: Machine, name: str) -> str:
    """Return a tool of PostgreSQL of the server's own version: beside the server, else on the path."""
    ((folder,),) = machine.asked("SELECT setting FROM pg_config WHERE name = 'BINDIR'")
    own = Path(folder) / name
    return str(own) if own.exists() else name


def blobs(machine: Machine) -> set[str]:
    """Return the names of the blobs."""
    return {blob.name for blob in (machine.folder / "data" / "blobs").rglob("*") if blob.is_file()}


@pytest.mark.both
@pytest.mark.processes
def test_site_copied_in_the_middle_of_a_run_goes_on_elsewhere_to_the_same_board(
    machine: Machine, tmp_path: Path
) -> None:
    first = machine.run()
    machine.wait_for_results(ITEMS // 2)

    with copied(machine, tmp_path / "second") as copy:
        kept = copy.results()
        first.communicate(timeout=RUN_S)
        again = copy.run()
        said = again.communicate(timeout=RUN_S)[0]
        stored = copy.results()

    assert again.returncode == 0, said
    assert ITEMS // 2 <= kept < 2 * (ITEMS + 1) == stored
    assert copy.scores() == machine.scores()
    assert blobs(copy) == blobs(machine) != set()
