"""Where the simulator is, and running one inside this process."""

import socket
import stat
import threading
from pathlib import Path

import httpx
import pytest
from pytest_django.fixtures import Settings

from runs.simulator.address import SimulatorAddress, announce, answers, read_address, withdraw
from runs.simulator.knowledge import Knowledge
from runs.simulator.models import SimulatedModel
from runs.simulator.server import Simulator
from runs.simulator.thread import SimulatorThread, running_simulator

ONE = SimulatorAddress("http://127.0.0.1:1/v1", "one")
OTHER = SimulatorAddress("http://127.0.0.1:2/v1", "other")


@pytest.fixture(autouse=True)
def data(settings: Settings, tmp_path: Path) -> Path:
    """An own data directory, which does not exist yet."""
    settings.DATA_DIR = tmp_path / "data"
    return tmp_path / "data"


def test_read_address_that_nobody_announced_is_none() -> None:
    assert read_address() is None


def test_announce_keeps_the_address_for_this_user_alone(data: Path) -> None:
    announce(ONE)

    assert read_address() == ONE
    assert stat.S_IMODE((data / "simulator.json").stat().st_mode) == 0o600
    assert [path.name for path in data.iterdir()] == ["simulator.json"]


def test_announce_over_another_address_replaces_it() -> None:
    announce(ONE)
    announce(OTHER)

    assert read_address() == OTHER


def test_withdraw_forgets_its_own_address_and_no_other() -> None:
    announce(OTHER)
    withdraw(ONE)
    kept = read_address()
    withdraw(OTHER)

    assert (kept, read_address()) == (OTHER, None)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"url": "x"}'])
def test_read_address_of_a_broken_file_is_none(text: str, data: Path) -> None:
    data.mkdir()
    (data / "simulator.json").write_text(text)

    assert read_address() is None


def test_read_address_of_settings_wins(settings: Settings) -> None:
    announce(ONE)
    settings.SIMULATOR_URL, settings.SIMULATOR_KEY = "http://elsewhere/v1", "k"

    assert read_address() == SimulatorAddress("http://elsewhere/v1", "k")


def test_address_shown_in_a_log_hides_its_key() -> None:
    assert "other" not in repr(OTHER)


def test_answers_where_nobody_listens_is_false() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]

    assert not answers(SimulatorAddress(f"http://127.0.0.1:{port}/v1", "k"))
    assert not answers(None)


def test_running_simulator_is_announced_while_it_runs_and_gone_afterwards() -> None:
    with running_simulator() as address:
        while_running = (read_address(), answers(address))
        listed = httpx.get(f"{address.url}/models", headers={"Authorization": f"Bearer {address.key}"}).text

    assert while_running == (address, True)
    assert "sim-large" in listed
    assert (read_address(), answers(address)) == (None, False)
    assert "simulator" not in {thread.name for thread in threading.enumerate()}


def test_running_simulator_beside_one_that_answers_is_that_one() -> None:
    with running_simulator() as first, running_simulator() as second:
        assert second == first

    assert read_address() is None


def test_running_simulator_after_one_that_was_killed_starts_anew() -> None:
    announce(SimulatorAddress("http://127.0.0.1:1/v1", "stale"))

    with running_simulator() as address:
        assert answers(address)


def test_simulator_thread_on_a_taken_port_raises() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        simulator = Simulator((SimulatedModel("m"),), Knowledge(), key="k", port=taken.getsockname()[1])
        with pytest.raises(OSError, match="in use"), SimulatorThread(simulator):
            pass
