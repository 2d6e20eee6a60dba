"""Peers are measured where they are installed, on the same items, their calls counted by the provider."""

import sys
from pathlib import Path

import pytest

from benchmarks.bench import Bench
from benchmarks.job import Job
from benchmarks.measuring import Failed
from benchmarks.peers import comparing, installing
from benchmarks.peers.installing import PEERS, Peer, installed
from benchmarks.provider import Provider

ASKS = """
import json, pathlib, sys, urllib.request
base_url, key, file, model, in_flight = sys.argv[1:]
for line in pathlib.Path(file).read_text().splitlines():
    body = {"model": model, "messages": [{"role": "user", "content": json.loads(line)["question"]}]}
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{base_url}/chat/completions", json.dumps(body).encode(), headers)
    urllib.request.urlopen(request).read()
"""


class Installed(Peer):
    """A peer whose environment is the one of the tests."""

    python = Path(sys.executable)  # type: ignore[assignment]
    script = Path()  # type: ignore[assignment]


@pytest.fixture
def peer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Peer:
    script = tmp_path / "tiny_script.py"
    script.write_text(ASKS)
    monkeypatch.setattr(Installed, "script", script)
    return Installed("tiny", "a tiny script", (), 1 / 3)


def test_peer_counts_as_installed_once_its_packages_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installing, "PEERS_FOLDER", tmp_path)
    (tmp_path / "openai").mkdir()
    before = installed()

    PEERS["openai"].mark.touch()

    assert (before, installed()) == ([], [PEERS["openai"]])


@pytest.mark.parametrize("name", PEERS)
def test_every_peer_has_its_script(name: str) -> None:
    assert PEERS[name].script.is_file()


def test_unknown_peer_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(SystemExit, match="no such peer: nothing; there are: openai"):
        installing.main(["nothing"])


@pytest.mark.processes
def test_peer_is_measured_on_every_item(tmp_path: Path, peer: Peer) -> None:
    with Provider(tmp_path, latency_ms=0) as provider:
        taken = comparing.run_peer(peer, Bench(tmp_path), Job(5, latency_ms=0), provider)

    assert taken.wall_s > 0


@pytest.mark.processes
def test_peer_that_leaves_items_out_is_no_figure(tmp_path: Path, peer: Peer) -> None:
    peer.script.write_text("")

    with Provider(tmp_path, latency_ms=0) as provider, pytest.raises(Failed, match="0 requests for 5 items"):
        comparing.run_peer(peer, Bench(tmp_path), Job(5, latency_ms=0), provider)
