"""`evalsite simulator` as a process."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.waiting import wait_until

pytestmark = pytest.mark.processes
START_S = 20.0
END_S = 25.0
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start the command on a data directory of its own; it is killed at the end of the test."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str, **environment: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "evalsite", "simulator", *arguments]
        whole = {**os.environ, "EVALSITE_DATA": str(tmp_path), "DJANGO_SETTINGS_MODULE": "evalsite.settings"}
        started.append(
            subprocess.Popen(
                command, env={**whole, **environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def announced(folder: Path) -> dict[str, str]:
    """Return the address that the command announces, once it does."""
    file = folder / "simulator.json"
    wait_until(file.exists, START_S, "the simulator's address")
    found: dict[str, str] = json.loads(file.read_text())
    return found


def ask(address: dict[str, str], model: str = "sim-small") -> httpx.Response:
    """Return the answer to a sum."""
    body = {"model": model, "messages": [{"role": "user", "content": "2+2=?"}]}
    headers = {"Authorization": f"Bearer {address['key']}"}
    return httpx.post(f"{address['url']}/chat/completions", json=body, headers=headers, timeout=10)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_simulator_answers_until_a_signal_and_withdraws_its_address(
    start: Start, tmp_path: Path, number: signal.Signals
) -> None:
    process = start("--latency-ms", "0")
    answer = ask(announced(tmp_path))

    process.send_signal(number)
    output, errors = process.communicate(timeout=END_S)

    assert answer.status_code == 200
    assert process.returncode == 0
    assert output.startswith("Simulator at http://127.0.0.1:")
    assert "Traceback" not in errors
    assert not (tmp_path / "simulator.json").exists()


def test_simulator_with_a_key_and_files_of_its_own_uses_them(start: Start, tmp_path: Path) -> None:
    models, knowledge = tmp_path / "m.json", tmp_path / "k.jsonl"
    models.write_text('[{"name": "mine"}]')
    knowledge.write_text('{"question": "2+2=?", "answer": "four", "wrong": ["five"]}')

    start("--quiet", "--models", str(models), "--knowledge", str(knowledge), EVALSITE_SIMULATOR_KEY="given")
    address = announced(tmp_path)
    answer = ask(address, "mine")

    assert address["key"] == "given"
    assert answer.json()["choices"][0]["message"]["content"].endswith("A: four")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--models", "nowhere.json"), "nowhere.json"),
        (("--knowledge", __file__), "test_simulator_command.py:1: has question"),
        (("--latency-ms", "-1"), "numbers of at least 0"),
    ],
)
def test_simulator_of_what_is_no_catalogue_ends_with_a_sentence(
    start: Start, arguments: tuple[str, ...], sentence: str
) -> None:
    process = start(*arguments)
    _, errors = process.communicate(timeout=START_S)

    assert process.returncode == 2
    assert sentence in errors
    assert "Traceback" not in errors


def test_simulator_on_a_taken_port_ends_with_a_sentence(start: Start, tmp_path: Path) -> None:
    start("--quiet")
    port = announced(tmp_path)["url"].split(":")[2].removesuffix("/v1")

    process = start("--port", port, EVALSITE_DATA=str(tmp_path / "other"))
    _, errors = process.communicate(timeout=START_S)

    assert process.returncode == 1
    assert "Traceback" not in errors
    assert port in errors
