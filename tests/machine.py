"""A machine of its own for tests that kill: a data directory or a database, an experiment file, real processes."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, LiteralString, cast

import psycopg

from runs.simulator.server import Simulator
from tests.provider import KEY, free_port, provider
from tests.waiting import wait_until

ITEMS, IN_FLIGHT = 300, 8
START_S, RUN_S, GOING_ON_S = 90, 120, 30
REPEATED = IN_FLIGHT  # calls that may be made again after a kill: those that were open
EXACT = {"slow": (1.0, ITEMS, ITEMS), "wrong": (0.0, ITEMS, ITEMS)}
FILE = {
    "experiment": "sums",
    "dataset": {
        "name": "sums",
        "items": [{"key": f"k{n}", "input": f"{n} + {n} = ?", "expected": str(2 * n)} for n in range(ITEMS)],
    },
    "prompt": "{{ input }}",
    "scorers": [{"kind": "exact_match", "name": "correct"}],
}


class Machine:
    """A data directory, an experiment file, and the commands that work on them."""

    def __init__(self, folder: Path, simulator: Simulator, database_url: str = "") -> None:
        """`database_url` names an empty PostgreSQL database; "": SQLite in the data directory."""
        self.folder, self.simulator, self.database_url = folder, simulator, database_url
        self.commands, self.port = list[subprocess.Popen[str]](), free_port()
        kept = {name: value for name, value in os.environ.items() if name.isupper() and not name.startswith("EVALSITE")}
        self.environment = {**kept, "EVALSITE_DATA": str(folder / "data"), "EVALSITE_LANES": "1"}
        self.environment["SIMULATED_API_KEY"] = KEY
        _ = [self.environment.pop(name, None) for name in ("DJANGO_SETTINGS_MODULE", "DATABASE_URL", "HOST", "PORT")]
        if database_url:
            self.environment |= {"DATABASE_URL": database_url, "EVALSITE_SECRET_KEY": "of these tests alone " * 3}
            self.start("migrate").communicate(timeout=RUN_S)  # a shared database is brought up to date by a person
        local = {"kind": "openai", "base_url": simulator.url, "api_key_env": "SIMULATED_API_KEY"}
        candidates = [{"name": model, "provider": "local", "model": model} for model in ("slow", "wrong")]
        whole = {**FILE, "providers": {"local": {**local, "max_in_flight": IN_FLIGHT}}, "candidates": candidates}
        self.write(whole)

    def write(self, declared: dict[str, Any]) -> None:
        """Make this the experiment file."""
        self.declared = declared
        (self.folder / "sums.yaml").write_text(json.dumps(declared))

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command."""
        process = subprocess.Popen(
            [sys.executable, "-m", "evalsite", *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.commands.append(process)
        return process

    def run(self, *options: str) -> subprocess.Popen[str]:
        """Start `evalsite run`; its board goes to a file."""
        return self.start("run", str(self.folder / "sums.yaml"), "--json", str(self.folder / "board.json"), *options)

    def asked(self, sql: str) -> list[tuple[Any, ...]]:
        """Return what the database answers; [] while it has no tables yet."""
        if self.database_url:
            return self._asked_postgres(sql)
        path = self.folder / "data" / "evalsite.sqlite3"
        try:
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
                return database.execute(sql).fetchall()
        except sqlite3.OperationalError:
            return []

    def do(self, sql: str) -> None:
        """Change the database behind everybody's back."""
        if self.database_url:
            with psycopg.connect(self.database_url) as server:
                server.execute(cast("LiteralString", sql))
            return
        with closing(sqlite3.connect(self.folder / "data" / "evalsite.sqlite3", timeout=20)) as file, file:
            file.execute(sql)

    def _asked_postgres(self, sql: str) -> list[tuple[Any, ...]]:
        try:
            with psycopg.connect(self.database_url) as database:
                return database.execute(cast("LiteralString", sql)).fetchall()
        except (psycopg.errors.UndefinedTable, psycopg.OperationalError):
            return []

    def wait_for_host(self) -> None:
        """Return once a worker's host beats and its queue comes round."""
        living = "SELECT 1 FROM runs_lane WHERE kind = 'host' AND beat > 0"
        wait_until(lambda: self.asked(living), START_S, "a host")

    def results(self) -> int:
        """Return how many results are stored."""
        return sum(row[0] for row in self.asked("SELECT count(*) FROM runs_result"))

    def wait_for_results(self, count: int, within_s: float = START_S) -> None:
        """Return once this many results are stored."""
        wait_until(lambda: self.results() >= count, within_s, f"result {count}")

    def scores(self) -> dict[str, tuple[float, int, int]]:
        """Return (weighted score, items, results) of each candidate on the board."""
        entries = json.loads((self.folder / "board.json").read_text())["entries"]
        return {entry["candidate"]: (entry["weighted_score"], entry["n"], entry["results"]) for entry in entries}

    def end(self) -> None:
        """Kill what a test has left."""
        for process in self.commands:
            pids = [pid for (pid,) in self.asked("SELECT pid FROM runs_lane")]
            process.kill()
            process.communicate()
            subprocess.run(["kill", "-KILL", *map(str, pids)], stderr=subprocess.DEVNULL, check=False)


@contextmanager
def machine_beside_provider(folder: Path) -> Iterator[Machine]:
    """A machine beside a simulated provider, on a new database of the PostgreSQL of the tests where there is one."""
    with provider() as simulator, _new_database() as url, machine_with(folder, simulator, url) as machine:
        yield machine


@contextmanager
def machine_with(folder: Path, simulator: Simulator, database_url: str = "") -> Iterator[Machine]:
    """A machine whose processes end with the block, however it ends."""
    machine = Machine(folder, simulator, database_url)
    try:
        yield machine
    finally:
        machine.end()


@contextmanager
def _new_database() -> Iterator[str]:
    server = os.environ.get("EVALSITE_TEST_DATABASE", "")
    if not server:
        yield ""
        return
    name = f"machine_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
        yield _named(server, name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _named(server: str, name: str) -> str:
    """Return the URL of another database of the same server."""
    before, question, options = server.partition("?")
    return f"{before.rpartition('/')[0]}/{name}{question}{options}"
