"""The site's socket and address."""

import socket
from pathlib import Path

import pytest
from pytest_django import Settings

from evalsite import address
from evalsite.commands import port


@pytest.fixture(autouse=True)
def data_directory(settings: Settings, tmp_path: Path) -> Path:
    """An empty data directory."""
    settings.DATA_DIR = tmp_path
    return tmp_path


def test_listener_on_a_taken_port_says_the_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        number = other.getsockname()[1]

        with pytest.raises(address.AddressTaken, match=f"Port {number} of 127.0.0.1 is taken.*PORT={number + 1}"):
            address.open_listener("127.0.0.1", number)


def test_listener_on_a_foreign_address_says_why() -> None:
    with pytest.raises(address.AddressTaken, match="no such address"):
        address.open_listener("192.0.2.1", 8000)


def test_listener_on_an_unknown_name_says_why() -> None:
    with pytest.raises(address.AddressTaken, match=r"'nowhere\.invalid' is unknown"):
        address.open_listener("nowhere.invalid", 8000)


def test_listener_takes_connections() -> None:
    with (
        address.open_listener("127.0.0.1", 0) as listener,
        socket.create_connection(listener.getsockname()) as client,
    ):
        assert client.getpeername() == listener.getsockname()


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::1", "http://[::1]:8000"),
        ("::", "http://[::1]:8000"),
        ("box.local", "http://box.local:8000"),
    ],
)
def test_url_is_one_that_this_machine_opens(host: str, url: str) -> None:
    assert address.url_of(host, 8000) == url


def test_url_of_a_site_with_a_name_is_that_name(settings: Settings) -> None:
    settings.SITE_URL = "https://evals.example.com"

    assert address.url_of("127.0.0.1", 8000) == "https://evals.example.com"


def test_running_site_that_answers_is_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = address.url_of(*listener.getsockname())
        address.announce(url)

        assert address.running_site() == url


def test_running_site_that_was_killed_is_none() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address.announce(address.url_of(*listener.getsockname()))

    assert address.running_site() is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"url": 3}', '{"url": "http://127.0.0.1:x"}'])
def test_running_site_broken_file_is_none(data_directory: Path, text: str) -> None:
    (data_directory / "site.json").write_text(text)

    assert address.running_site() is None


def test_running_site_withdrawn_is_none(data_directory: Path) -> None:
    address.announce("http://127.0.0.1:1")

    address.withdraw()

    assert address.running_site() is None
    assert list(data_directory.iterdir()) == []


@pytest.mark.parametrize("text", ["0", "65536", "x", "-1", "8000.5", ""])
def test_port_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Exception, match="is no port"):
        port(text)


@pytest.mark.parametrize("text", ["1", "8000", "65535"])
def test_port_is_a_number(text: str) -> None:
    assert str(port(text)) == text
