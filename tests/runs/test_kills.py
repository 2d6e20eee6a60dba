"""Real processes killed in the middle of runs: what was done is kept, nothing is done twice, and the rest follows."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from runs.simulator.server import Simulator
from tests.provider import KEY, provider
from tests.waiting import wait_until

pytestmark = pytest.mark.processes

ITEMS, IN_FLIGHT = 300, 8
START_S, RUN_S, GOING_ON_S = 30, 60, 15
# Answers that may be repeated after a kill: those that were open, and those that were not stored yet.
REPEATED = 8 * IN_FLIGHT
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

    def __init__(self, folder: Path, simulator: Simulator) -> None:
        self.folder, self.simulator = folder, simulator
        self.commands = list[subprocess.Popen[str]]()
        kept = {name: value for name, value in os.environ.items() if name.isupper() and not name.startswith("EVALSITE")}
        self.environment = {**kept, "EVALSITE_DATA": str(folder / "data"), "EVALSITE_LANES": "1"}
        self.environment["SIMULATED_API_KEY"] = KEY
        _ = [self.environment.pop(name, None) for name in ("DJANGO_SETTINGS_MODULE", "DATABASE_URL", "HOST", "PORT")]
        local = {"kind": "openai", "base_url": simulator.url, "api_key_env": "SIMULATED_API_KEY"}
        candidates = [{"name": model, "provider": "local", "model": model} for model in ("slow", "wrong")]
        whole = {**FILE, "providers": {"local": {**local, "max_in_flight": IN_FLIGHT}}, "candidates": candidates}
        (folder / "sums.yaml").write_text(json.dumps(whole))

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
        path = self.folder / "data" / "evalsite.sqlite3"
        try:
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
                return database.execute(sql).fetchall()
        except sqlite3.OperationalError:
            return []

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


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """A machine beside a simulated provider."""
    with provider() as simulator:
        machine = Machine(tmp_path, simulator)
        yield machine
        machine.end()


EXACT = {"slow": (1.0, ITEMS, ITEMS), "wrong": (0.0, ITEMS, ITEMS)}


def test_run_killed_three_times_ends_in_the_exact_results(machine: Machine) -> None:
    for_each_kill = [ITEMS // 4, ITEMS, ITEMS + ITEMS // 2]
    _ = [killed_at(machine, count) for count in for_each_kill]

    last = machine.run()
    said = last.communicate(timeout=RUN_S)[0]

    assert last.returncode == 0, said
    assert machine.scores() == EXACT
    assert machine.results() == 2 * ITEMS
    assert machine.simulator.stats.requests <= 2 * ITEMS + len(for_each_kill) * REPEATED


def killed_at(machine: Machine, count: int) -> None:
    """Run the file and kill the command once this many results are stored."""
    process = machine.run()
    machine.wait_for_results(count)
    process.kill()
    process.communicate(timeout=START_S)


def test_run_interrupted_says_so_and_goes_on_when_run_again(machine: Machine) -> None:
    first = machine.run()
    machine.wait_for_results(20)
    first.send_signal(signal.SIGINT)
    said = first.communicate(timeout=START_S)[0]
    kept = machine.results()

    second = machine.run()
    second.communicate(timeout=RUN_S)

    assert (first.returncode, second.returncode) == (130, 0), said
    assert "The same command goes on" in said
    assert 20 <= kept < 2 * ITEMS
    assert (machine.scores(), machine.results()) == (EXACT, 2 * ITEMS)


def test_run_again_after_the_end_makes_no_call(machine: Machine) -> None:
    machine.run().communicate(timeout=RUN_S)

    again = machine.run()
    again.communicate(timeout=RUN_S)

    assert (again.returncode, machine.simulator.stats.requests) == (0, 2 * ITEMS)


def test_lane_of_a_worker_killed_goes_on_within_15_seconds(machine: Machine) -> None:
    machine.start("worker")
    wait_until(lambda: machine.asked("SELECT 1 FROM runs_lane WHERE kind = 'host' AND beat > 0"), START_S, "a host")
    run = machine.run()
    machine.wait_for_results(20)
    ((lane,),) = machine.asked("SELECT pid FROM runs_lane WHERE kind = 'lane'")

    os.kill(lane, signal.SIGKILL)
    machine.wait_for_results(machine.results() + REPEATED, GOING_ON_S)
    said = run.communicate(timeout=RUN_S)[0]

    assert run.returncode == 0, said
    assert (machine.scores(), machine.results()) == (EXACT, 2 * ITEMS)
    assert machine.simulator.stats.requests <= 2 * ITEMS + REPEATED


def test_worker_killed_whole_leaves_its_runs_to_the_next(machine: Machine) -> None:
    first = machine.start("worker")
    wait_until(lambda: machine.asked("SELECT 1 FROM runs_lane WHERE kind = 'host' AND beat > 0"), START_S, "a host")
    machine.run("--detach").communicate(timeout=START_S)
    machine.wait_for_results(20)

    first.kill()
    first.communicate(timeout=START_S)
    machine.start("worker")

    machine.wait_for_results(2 * ITEMS, RUN_S)
    ended = "SELECT 1 FROM runs_run WHERE status = 'completed'"
    wait_until(lambda: len(machine.asked(ended)) == 2, GOING_ON_S, "the end of both runs")
